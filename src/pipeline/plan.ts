import type { EventRecord } from '../events/event-record.ts';
import type { ObjectEvent } from '../events/object-event.ts';
import { assertBucket, assertKey } from '../oss/endpoint.ts';
import { buildProcess } from '../process/build.ts';
import type { Target } from '../process/save-as.ts';
import { findMismatch, rulesNear } from '../rules/match.ts';
import { memoise } from '../rules/memoise.ts';
import type { Output, Rule, RuleSet } from '../rules/rule.ts';
import { render, splitKey, type Values } from '../rules/template.ts';
import { combinations } from '../rules/vary.ts';
import { isOwnOutput } from './guard.ts';
import { type Failed, formatObject, type Planned, type Skipped, type SkipReason } from './result.ts';

type Item = Planned | Skipped | Failed;

/**
 * Says what is to be done about one record: a task for each output of every rule that matches, or a reason why
 * there is none. Pure: the same record and rules always give the same plan. `isGuarded` is the recursion guard.
 */
export function plan(
  record: EventRecord,
  rules: RuleSet,
  isGuarded: typeof isOwnOutput = isOwnOutput,
): Item[] {
  if (record.kind === 'other') {
    return [{ status: 'skipped', reason: 'not-an-object-event', eventName: record.eventName }];
  }
  if (record.kind === 'malformed') {
    return [{ status: 'failed', kind: 'permanent', code: 'InvalidEvent', message: record.problem }];
  }
  return planObject(record.event, rules, isGuarded);
}

function planObject(event: ObjectEvent, rules: RuleSet, isGuarded: typeof isOwnOutput): Item[] {
  const { bucket, key, eventName } = event;
  const source = { bucket, key };
  const reason = findSkipReason(event);
  if (reason !== undefined) {
    return [{ status: 'skipped', reason, eventName, source }];
  }
  const items: Item[] = [];
  for (const rule of rulesNear(key, rules)) {
    if (findMismatch(rule.match, event) !== undefined) {
      continue;
    }
    if (isGuarded(rule, event, rules)) {
      items.push({ status: 'skipped', reason: 'own-output', eventName, source, rule: rule.name });
    } else {
      planOutputs(rule, source, event, items);
    }
  }
  return items.length > 0 ? items : [{ status: 'skipped', reason: 'no-rule-matched', eventName, source }];
}

/** Events by which no finished object with new content comes into being (OSS help, "Event notification"). */
const skippedEvents = new Map<string, SkipReason>([
  ['ObjectCreated:InitiateMultipartUpload', 'upload-in-progress'],
  ['ObjectCreated:UploadPart', 'upload-in-progress'],
  ['ObjectCreated:UploadPartCopy', 'upload-in-progress'],
  ['ObjectCreated:PutSymlink', 'symlink'],
  ['ObjectReplication:ObjectRemoved', 'removed'],
]);

function findSkipReason({ eventName, key, sizeBytes }: ObjectEvent): SkipReason | undefined {
  const reason = skippedEvents.get(eventName);
  if (reason !== undefined) {
    return reason;
  }
  if (eventName.startsWith('ObjectRemoved:')) {
    return 'removed';
  }
  // Names are not listed one by one: the one that a save-as raises is documented nowhere.
  if (!/^(Manual$|ObjectCreated:|ObjectReplication:Object(Created|Modified)$)/.test(eventName)) {
    return 'not-a-creation';
  }
  if (key.endsWith('/')) {
    return 'directory-marker';
  }
  return sizeBytes === 0 ? 'empty-object' : undefined;
}

const choicesOf = memoise(({ vary }: Output) => combinations(vary));

function planOutputs(rule: Rule, source: Target, event: ObjectEvent, items: Item[]): void {
  const { eTag, modifiedAt } = event;
  const about = { rule: rule.name, source, version: { eTag, modifiedAt } };
  const given = sourceValues(rule, event);
  for (const output of rule.outputs) {
    for (const choice of choicesOf(output)) {
      items.push(planOutput(about, output, Object.assign({}, given, choice)));
    }
  }
}

function planOutput(
  about: Pick<Planned, 'rule' | 'source' | 'version'>,
  output: Output,
  values: Values,
): Planned | Failed {
  const { rule, source, version } = about;
  const { bucket = source.bucket, key } = output.target;
  const target = { bucket, key: render(key.parts, values) };
  try {
    assertTarget(source, target);
    const style = render(output.style.parts, values);
    const process = buildProcess(style, target);
    const planned: Planned = { status: 'planned', rule, source, target, style, process, version };
    if (output.refresh) {
      planned.refresh = output.refresh;
    }
    if (output.checkSource) {
      planned.checkSource = true;
    }
    return planned;
  } catch (error) {
    const message = `${formatObject(source)}: ${error instanceof Error ? error.message : error}`;
    return { status: 'failed', kind: 'permanent', code: 'InvalidOutput', message, rule, source, target };
  }
}

function assertTarget(source: Target, target: Target): void {
  assertBucket(target.bucket);
  assertKey(target.key);
  if (source.bucket === target.bucket && source.key === target.key) {
    throw new RangeError('the target is the source itself: name another key or bucket');
  }
}

function sourceValues(rule: Rule, event: ObjectEvent): Values {
  const time = utcOf(event.eventTime);
  return {
    key: event.key,
    bucket: event.bucket,
    rule: rule.name,
    etag: event.eTag ?? '',
    yyyy: time.slice(0, 4),
    mm: time.slice(5, 7),
    dd: time.slice(8, 10),
    ...splitKey(event.key),
  };
}

/** OSS's own times are UTC already: making a date of them and a text of it again costs as much as the rest of a plan. */
function utcOf(time: string): string {
  return /^\d{4}-\d\d-\d\dT.*Z$/.test(time) ? time : new Date(time).toISOString();
}
