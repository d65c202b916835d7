import { dirname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Explanation, explainRecord, type RuleExplanation } from '../check/explain.ts';
import type { EventRecord, ObjectEvent } from '../events/object-event.ts';
import { parseEvent } from '../events/parse.ts';
import { isAddress } from '../object-url.ts';
import { withRules } from '../pipeline/ad-hoc.ts';
import { formatObject } from '../pipeline/result.ts';
import { printable } from '../printable.ts';
import { decodeText } from '../text-file.ts';
import { plural } from './check.ts';
import { CliError, defineCommand, type Io } from './command.ts';
import { isEventText, parseBucket, parseObjectUrl, readEvent } from './input.ts';
import { functionPrice, pricedRegion, priceListOf, priceNote } from './price.ts';
import { deployedBuckets, deployedRegion, findTemplate, loadRules, rulesOption } from './project.ts';

export const explain = defineCommand({
  positionals: {
    name: 'key|oss://bucket/key|event|-',
    summary: 'objects, an event as JSON or in a .json file, or either from standard input',
    many: true,
  },
  options: {
    rules: rulesOption,
    region: {
      value: 'id',
      summary: 'whose prices are shown (default OSS_REGION, or that of s.yaml, else cn-hangzhou)',
    },
    json: { summary: 'prints JSON' },
  },
  run: async (values, io, positionals) => {
    if (positionals.length === 0) {
      throw new CliError('expected a key, oss://bucket/key, an event file, or "-".');
    }
    const { ruleSet, source } = await loadRules(values.rules);
    const [ofRules = io.env.OSS_BUCKET] = ruleSet.rules.flatMap(({ match }) => match.buckets);
    const template = await findTemplate(undefined, dirname(values.rules), io.env);
    const [ofTemplate = 'my-bucket'] = deployedBuckets(template?.ours, io.env);
    const bucket = parseBucket(ofRules ?? ofTemplate);
    const region = pricedRegion(values.region, io, deployedRegion(template));
    const read = await Promise.all(positionals.map((argument) => readArgument(argument, bucket, io)));
    const explanations = read
      .flatMap((records) => withRules(records.map(withTime), ruleSet))
      .map(({ record, ruleSet: { rules } }) => addPrice(explainRecord(record, rules, source), region));
    const text = [...explanations.map(formatExplanation), priceNote(region)].join('\n');
    io.out(values.json ? `${JSON.stringify(explanations, undefined, 2)}\n` : text);
    return 0;
  },
});

/** The objects that an argument names, by their keys in `bucket`, their addresses or an event. */
async function readArgument(argument: string, bucket: string, io: Io): Promise<EventRecord[]> {
  const isInput = argument === '-';
  const text = isInput ? decodeText(await buffer(io.input), 'standard input') : argument;
  if (isEventText(text) || (/\.json$/i.test(text) && !isAddress(text))) {
    const event = await readEvent(text, isInput ? 'standard input' : undefined);
    return parseEvent(Buffer.from(JSON.stringify(event)));
  }
  const names = (isInput ? text.split(/\r?\n/) : [text]).filter((name) => name !== '');
  if (names.length === 0) {
    throw new CliError(`${isInput ? 'standard input' : 'an argument'} is empty, and names no object.`);
  }
  return names.map((name) => ({ kind: 'object', event: toUpload(name, bucket) }));
}

/** Only OSS knows when an object that a person names was modified: here it is today. */
function withTime(record: EventRecord): EventRecord {
  if (record.kind !== 'object' || record.event.eventName !== 'Manual') {
    return record;
  }
  const { eventTime = new Date().toISOString() } = record.event;
  return { ...record, event: { ...record.event, eventTime } };
}

function toUpload(name: string, bucket: string): ObjectEvent {
  const eventTime = new Date().toISOString();
  const object = isAddress(name) ? parseObjectUrl(name) : { bucket, key: name };
  return { ...object, eventName: 'ObjectCreated:PutObject', eventTime, modifiedAt: eventTime };
}

type PricedExplanation = ReturnType<typeof addPrice>;

/** Adds the price of the invocation, without OSS's own prices. */
function addPrice(explanation: Explanation, region: string) {
  const list = priceListOf(region);
  const { calls, tasks, followUps } = explanation;
  const price = functionPrice(list, calls + tasks + followUps);
  return { ...explanation, functionPrice: price, currency: list.currency };
}

function formatExplanation(explanation: PricedExplanation): string {
  const { bucket, key, skipped, rules, calls, tasks, followUps, head, functionPrice, currency } = explanation;
  const isNamed = bucket !== undefined && key !== undefined;
  const title = isNamed ? formatObject({ bucket, key }) : 'a record that names no object';
  const price = `the function costs ${currency} ${(functionPrice * 1e6).toFixed(2)} for a million of these`;
  const heads = head ? ', and one HeadObject before them' : '';
  const submitted = tasks > 0 ? `, ${plural(tasks, 'task')} that IMM bills` : '';
  const others = followUps > 0 ? `, and up to ${plural(followUps, 'other request')}` : '';
  const total = `${plural(calls, 'billable processing call')}${submitted}${heads}${others}; ${price}`;
  const lines =
    skipped === undefined ? [...rules.flatMap(formatRule), `  ${total}`] : [`  skipped: ${skipped}`];
  return [title, ...lines].map((line) => `${printable(line)}\n`).join('');
}

function formatRule({ rule, matches, why, provided, outputs }: RuleExplanation): string[] {
  const verdict = why ?? `takes it${provided === undefined ? '' : `, ${provided}`}`;
  const lines = outputs.flatMap(({ target, process, decoded, failed, removed }) => {
    const to = target === undefined ? '' : formatObject(target);
    if (removed === true) {
      return [`    -> ${to}, once OSS says that the object is gone`];
    }
    return failed === undefined
      ? [`    -> ${to}`, `       ${decoded}`, `       ${process}`]
      : [`    -> ${to} fails: ${failed}`];
  });
  return [`  ${rule} ${matches ? verdict : `does not: ${why}`}`, ...lines];
}
