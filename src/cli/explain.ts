import { accepts, sequence, toDfa } from '../check/old/automaton.ts';
import { compileRules } from '../check/old/compile.ts';
import { excludeDfa, keyDfa } from '../check/old/language.ts';
import { findMismatch as findOldMismatch } from '../check/old/match.ts';
import type { Rule as OldRule, RuleSet as OldRuleSet } from '../check/old/rule.ts';
import { fittingFacts } from '../check/old/sources.ts';
import type { EventRecord, ObjectEvent } from '../events/object-event.ts';
import { parseEvent } from '../events/parse.ts';
import { adHocRules } from '../pipeline/ad-hoc.ts';
import { plan } from '../pipeline/plan.ts';
import { formatObject } from '../pipeline/result.ts';
import type { OssObject } from '../process.ts';
import { findMismatch } from '../rules/match.ts';
import type { Match, Rule, RuleSet } from '../rules/rule-set.ts';
import { variablesOf } from '../rules/template.ts';
import { CliError, type Command, type Io, textOf, type Values } from './command.ts';
import { parseObjectUrl, readEventOption } from './event-input.ts';
import { printable } from './terminal.ts';

export const explain: Command = {
  name: 'explain',
  summary:
    'Says what would become of an object, which rules take it, and why the others do not; needs no network.',
  positionals: {
    name: 'key|oss://bucket/key|event.json|-',
    summary: 'objects, an event, or either from standard input',
    many: true,
  },
  options: {
    rules: { value: 'file', default: 'rules.yaml', summary: 'the rules' },
    bucket: { value: 'name', summary: 'of plain keys (default the first that the rules name)' },
    size: { value: 'bytes', summary: 'of the object; default: one that fits' },
    'content-type': { value: 'type', summary: 'of the object; default: one that fits' },
    json: { summary: 'prints JSON' },
  },
  run: async (values, io, positionals) => {
    if (positionals.length === 0) {
      throw new CliError('expected a key, oss://bucket/key, an event file, or "-".');
    }
    const { ruleSet, oldRules } = await compileRules(textOf(values, 'rules'));
    const reports: Report[] = [];
    for (const argument of positionals) {
      const { records, rules } = await readArgument(argument, { values, ruleSet, io });
      reports.push(...records.map((record) => explainRecord(record, rules, oldRules)));
    }
    io.out(
      values.json === true
        ? `${JSON.stringify(reports, undefined, 2)}\n`
        : reports.map(formatReport).join('\n'),
    );
    return 0;
  },
};

interface Given {
  values: Values;
  ruleSet: RuleSet;
  io: Io;
}

async function readArgument(
  argument: string,
  given: Given,
): Promise<{ records: EventRecord[]; rules: RuleSet }> {
  const isFile = /\.json$/i.test(argument) && !argument.startsWith('oss://');
  const input = argument === '-' ? String(await given.io.readInput()) : argument;
  const isEvent = isFile || /^\s*[[{]/.test(input);
  if (!isEvent) {
    const lines = argument === '-' ? input.split(/\r?\n/).filter((line) => line !== '') : [input];
    return { records: lines.map((line) => readObject(line, given)), rules: given.ruleSet };
  }
  const event = await readEventOption({ event: input });
  const { records, adHoc } = parseEvent(Buffer.from(JSON.stringify(event)), new Date());
  return { records, rules: adHoc === undefined ? given.ruleSet : adHocRules(adHoc) };
}

function readObject(text: string, { values, ruleSet, io }: Given): EventRecord {
  const named = ruleSet.rules.flatMap(({ match }) => match.buckets)[0] ?? io.env.OSS_BUCKET ?? 'my-bucket';
  const bucket = typeof values.bucket === 'string' ? values.bucket : named;
  const object = text.startsWith('oss://') ? parseObjectUrl(text) : { bucket, key: text };
  const { size, 'content-type': contentType } = values;
  if (typeof size === 'string' && !/^\d+$/.test(size)) {
    throw new CliError(`--size: expected bytes, received "${size}".`);
  }
  const facts = {
    ...(typeof size === 'string' && { sizeBytes: Number(size) }),
    ...(typeof contentType === 'string' && { contentType }),
  };
  return {
    kind: 'object',
    event: { ...object, eventName: 'ObjectCreated:PutObject', eventTime: new Date().toISOString(), ...facts },
  };
}

interface Report extends Partial<OssObject> {
  /** Why nothing is done at all. */
  skipped?: string;
  rules: RuleReport[];
  /** Image processing calls to OSS, each of them billed; `head` is a HeadObject before them. */
  calls: number;
  head: boolean;
}

interface RuleReport {
  rule: string;
  matches: boolean;
  why?: string;
  /** What the object has to be beside what is known of it. */
  provided?: string;
  outputs: OutputReport[];
}

interface OutputReport {
  target?: OssObject;
  process?: string;
  decoded?: string;
  failed?: string;
}

function explainRecord(record: EventRecord, rules: RuleSet, oldRules: OldRuleSet): Report {
  const items = plan(record, rules);
  const [first] = items;
  const source = record.kind === 'object' ? { bucket: record.event.bucket, key: record.event.key } : {};
  const none = { ...source, rules: [], calls: 0, head: false };
  if (
    record.kind !== 'object' ||
    (first?.status === 'skipped' && !['no-rule-matched', 'own-output'].includes(first.reason))
  ) {
    return {
      ...none,
      skipped:
        first?.status === 'skipped' ? first.reason : first?.status === 'failed' ? first.message : 'nothing',
    };
  }
  const reports = rules.rules.map((rule) => explainRule(rule, record.event, oldRules));
  // Events of uploads bring what rules ask for; an object that a person names has to be asked for it.
  const isManual = record.event.eventName === 'Manual';
  const calls = reports
    .flatMap(({ outputs }) => outputs)
    .filter(({ process: text }) => text !== undefined).length;
  return {
    ...none,
    rules: reports,
    calls,
    head: isManual && reports.some(({ provided }) => provided !== undefined),
  };
}

function explainRule(rule: Rule, event: ObjectEvent, { rules }: OldRuleSet): RuleReport {
  const { match } = rule;
  const isUnknown = findMismatch(match, event)?.endsWith('-unknown') === true;
  const assumed = isUnknown ? { ...event, ...assumedFacts(match, event) } : event;
  const mismatch = findMismatch(match, assumed);
  if (mismatch !== undefined) {
    return { rule: rule.name, matches: false, why: whyNot(rules, rule.name, assumed), outputs: [] };
  }
  const items = plan({ kind: 'object', event: assumed }, { rules: [rule] });
  const provided = [
    ...(isUnknown ? [conditionsOf(match)] : []),
    ...(lacksETag(rule, event) ? ['with the ETag that its event brings'] : []),
  ];
  const outputs = items.flatMap((item): OutputReport[] => {
    if (item.status === 'planned') {
      return [{ target: item.target, process: item.process, decoded: decode(item.process) }];
    }
    return item.status === 'failed'
      ? [{ failed: item.message, ...(item.target && { target: item.target }) }]
      : [];
  });
  const isOwn = items.some((item) => item.status === 'skipped');
  return {
    rule: rule.name,
    matches: true,
    ...(isOwn && {
      why: 'skipped: own-output. By its name this is a result of this rule',
    }),
    ...(provided.length > 0 && { provided: provided.join('; ') }),
    outputs,
  };
}

const lacksETag = ({ outputs }: Rule, { eTag }: ObjectEvent) =>
  eTag === undefined &&
  outputs.some(({ target, style }) =>
    variablesOf([...target.key, ...style]).some(({ name }) => name === 'etag'),
  );

function assumedFacts(match: Match, { sizeBytes, contentType }: ObjectEvent) {
  const fitting = fittingFacts({ ...match, contentType: match.contentTypes });
  return { sizeBytes: sizeBytes ?? fitting.sizeBytes, contentType: contentType ?? fitting.contentType };
}

function conditionsOf({ minBytes, maxBytes, contentTypes }: Match): string {
  const conditions = [
    ...(minBytes === undefined ? [] : [`at least ${minBytes.toLocaleString('en')} bytes`]),
    ...(maxBytes === undefined ? [] : [`at most ${maxBytes.toLocaleString('en')} bytes`]),
    ...(contentTypes.length === 0 ? [] : [`content type ${contentTypes.join(' or ')}`]),
  ];
  return `if it has ${conditions.join(' and ')}`;
}

function whyNot(rules: readonly OldRule[], name: string, event: ObjectEvent): string {
  const match = rules.find((rule) => rule.name === name)?.match;
  if (match === undefined) {
    return 'it does not match';
  }
  const { bucket, key, sizeBytes = 0, contentType = '' } = event;
  const globs = match.key.map(({ text }) => JSON.stringify(text)).join(', ');
  switch (findOldMismatch(match, event)) {
    case 'bucket':
      return `it takes objects of ${match.bucket.join(', ')}, not of ${bucket}`;
    case 'key': {
      const isCase =
        accepts(keyDfa(match), key.toLowerCase()) && !accepts(excludeDfa(match), key.toLowerCase());
      if (isCase) {
        return `the key does not fit ${globs}: upper and lower case differ`;
      }
      const isPrefix = match.key.every(({ prefix }) => !key.startsWith(prefix));
      const starts = match.key.map(({ prefix }) => JSON.stringify(prefix)).join(' or ');
      return `the key does not fit ${globs}${isPrefix ? `: it does not begin with ${starts}` : ''}`;
    }
    case 'excluded': {
      const found = match.exclude.find((glob) => accepts(toDfa(sequence(glob.nodes)), key));
      return `its exclude ${JSON.stringify(found?.text)} leaves it out`;
    }
    case 'too-small':
      return `${sizeBytes} bytes are fewer than its ${match.minBytes}`;
    case 'too-large':
      return `${sizeBytes} bytes are more than its ${match.maxBytes}`;
    default:
      return `it takes ${match.contentType.join(', ')}, not ${contentType}`;
  }
}

/** The process with its Base64 values as text; those that are none stay. */
function decode(encoded: string): string {
  return encoded.replace(/([,/])(text|image|content|type|o|b)_([\w-]+)/g, (whole, before, name, value) => {
    const text = Buffer.from(value, 'base64url').toString('utf8');
    return Buffer.from(text).toString('base64url') === value ? `${before}${name}_${text}` : whole;
  });
}

function formatReport({ bucket, key, skipped, rules, calls, head }: Report): string {
  const title =
    bucket === undefined || key === undefined
      ? 'a record that names no object'
      : printable(formatObject({ bucket, key }));
  if (skipped !== undefined) {
    return `${title}\n  skipped: ${skipped}\n`;
  }
  const heads = head ? ', and one HeadObject before them' : '';
  return `${title}\n${rules.map(formatRule).join('')}  ${calls} billable processing calls${heads}\n`;
}

function formatRule({ rule, matches, why, provided, outputs }: RuleReport): string {
  const state = matches
    ? (why ?? `takes it${provided === undefined ? '' : `, ${provided}`}`)
    : `does not: ${why}`;
  const lines = outputs.flatMap(({ target, process: encoded, decoded, failed }) => {
    const to = target === undefined ? '' : formatObject(target);
    return failed === undefined
      ? [`    -> ${to}`, `       ${decoded}`, `       ${encoded}`]
      : [`    -> ${to} fails: ${failed}`];
  });
  return [`  ${rule} ${state}`, ...lines].map((line) => `${printable(line)}\n`).join('');
}
