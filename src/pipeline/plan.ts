import type { EventRecord } from '../events/event-record.ts';
import type { ObjectEvent } from '../events/object-event.ts';
import { assertBucket, assertKey } from '../oss/endpoint.ts';
import { buildProcess } from '../process/build.ts';
import type { Target } from '../process/save-as.ts';
import { findMismatch, rulesNear } from '../rules/match.ts';
import { combinations } from '../rules/output-checks.ts';
import type { Output, Rule, RuleSet } from '../rules/rule.ts';
import { render, splitKey, type Values } from '../rules/template.ts';
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
  const { event } = record;
  const { eventName } = event;
  const source = { bucket: event.bucket, key: event.key };
  const reason = findSkipReason(event);
  if (reason !== undefined) return [{ status: 'skipped', reason, eventName, source }];
  const matching = rulesNear(event.key, rules).filter(
    (rule) => findMismatch(rule.match, event) === undefined,
  );
  if (matching.length === 0) return [{ status: 'skipped', reason: 'no-rule-matched', eventName, source }];
  return matching.flatMap((rule): Item[] => {
    const guarded = isGuarded(rule, event, rules);
    if (guarded) return [{ status: 'skipped', reason: 'own-output', eventName, source, rule: rule.name }];
    return rule.outputs.flatMap((output) => planOutput(rule, output, event));
  });
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
  if (reason !== undefined) return reason;
  if (eventName.startsWith('ObjectRemoved:')) return 'removed';
  // Names are not listed one by one: the one that a save-as raises is documented nowhere.
  if (!/^(Manual$|ObjectCreated:|ObjectReplication:Object(Created|Modified)$)/.test(eventName))
    return 'not-a-creation';
  if (key.endsWith('/')) return 'directory-marker';
  return sizeBytes === 0 ? 'empty-object' : undefined;
}

function planOutput(rule: Rule, output: Output, event: ObjectEvent): (Planned | Failed)[] {
  const given = sourceValues(rule, event);
  const source = { bucket: event.bucket, key: event.key };
  const version = {
    ...(event.eTag !== undefined && { eTag: event.eTag }),
    ...(event.modifiedAt !== undefined && { modifiedAt: event.modifiedAt }),
  };
  const care = {
    ...(output.refresh && { refresh: output.refresh }),
    ...(output.checkSource && { checkSource: output.checkSource }),
  };
  return combinations(output.vary).map((varied) => {
    const values = { ...given, ...varied };
    const bucket = output.target.bucket ?? event.bucket;
    const target = { bucket, key: render(output.target.key.parts, values) };
    try {
      assertTarget(source, target);
      const style = render(output.style.parts, values);
      const process = buildProcess(style, target);
      return { status: 'planned', rule: rule.name, source, target, style, process, ...care, version };
    } catch (error) {
      const message = `${formatObject(source)}: ${error instanceof Error ? error.message : error}`;
      return {
        status: 'failed',
        kind: 'permanent',
        code: 'InvalidOutput',
        message,
        rule: rule.name,
        source,
        target,
      };
    }
  });
}

function assertTarget(source: Target, target: Target): void {
  assertBucket(target.bucket);
  assertKey(target.key);
  if (source.bucket === target.bucket && source.key === target.key) {
    throw new RangeError('the target is the source itself: name another key or bucket');
  }
}

function sourceValues(rule: Rule, event: ObjectEvent): Values {
  const time = new Date(event.eventTime).toISOString();
  return {
    key: event.key,
    ...splitKey(event.key),
    bucket: event.bucket,
    rule: rule.name,
    etag: event.eTag ?? '',
    yyyy: time.slice(0, 4),
    mm: time.slice(5, 7),
    dd: time.slice(8, 10),
  };
}
