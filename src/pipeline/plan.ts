import type { EventRecord, ObjectEvent } from '../events/object-event.ts';
import { assertBucket, assertKey } from '../oss/object-name.ts';
import { buildProcess, type OssObject } from '../process.ts';
import { matchesKey } from '../rules/key-table.ts';
import { findMismatch, findNameMismatch } from '../rules/match.ts';
import { type Output, type Rule, type RuleSet, usesVariable } from '../rules/rule-set.ts';
import { dayVariables, render, splitKey, type VariableValues } from '../rules/template.ts';
import { formatObject, type PlanItem, type SkipReason } from './result.ts';

/**
 * Says what is to be done about one record: a task for each output of every rule that matches, or a reason
 * why there is none. Pure: the same record and rules always give the same plan.
 */
export function plan(record: EventRecord, { rules }: Pick<RuleSet, 'rules'>): PlanItem[] {
  switch (record.kind) {
    case 'other':
    case 'task':
      return [{ status: 'skipped', reason: 'not-an-object-event', eventName: record.eventName }];
    case 'malformed':
      return [{ status: 'failed', kind: 'permanent', code: 'InvalidEvent', message: record.problem }];
    case 'object':
      return planObject(record.event, rules);
  }
}

function planObject(event: ObjectEvent, rules: readonly Rule[]): PlanItem[] {
  const { bucket, key, eventName } = event;
  const source = { bucket, key };
  const reason = findSkipReason(event);
  if (reason !== undefined && !isRemoval(event)) {
    return [{ status: 'skipped', reason, eventName, source }];
  }
  const isWanted = isRemoval(event) ? isRemovedWith : takes;
  const matching = rules.filter((rule) => isWanted(rule, event));
  if (matching.length === 0) {
    return [{ status: 'skipped', reason: reason ?? 'no-rule-matched', eventName, source }];
  }
  return matching.flatMap((rule): PlanItem[] =>
    isOwnOutput(rule, event)
      ? [{ status: 'skipped', reason: 'own-output', eventName, source, rule: rule.name }]
      : planRule(rule, event),
  );
}

function takes({ match }: Rule, event: ObjectEvent): boolean {
  return findMismatch(match, event) === undefined;
}

/** Whether the rule's outputs go with their source, whose size and type do not count: they are not known. */
function isRemovedWith({ match, onRemove }: Rule, event: ObjectEvent): boolean {
  return onRemove === 'delete' && findNameMismatch(match, event) === undefined;
}

/**
 * The recursion guard: whether the rule, which takes this object, would itself have written it. The build
 * decides which rules need a guard at all, so that no chain is cut that ends by itself.
 */
function isOwnOutput({ ownOutputs = [] }: Rule, { bucket, key }: ObjectEvent): boolean {
  return ownOutputs.some((own) => (own.bucket ?? bucket) === bucket && matchesKey(own.keys, key));
}

/** Whether the object may be gone; OSS is asked whether it is. An upload that was aborted was none yet. */
function isRemoval({ eventName, key }: ObjectEvent): boolean {
  return (
    /^(ObjectRemoved:(?!AbortMultipartUpload$)|ObjectReplication:ObjectRemoved$)/i.test(eventName) &&
    !key.endsWith('/')
  );
}

/** Events that create no finished object with new content (OSS help, "Event notification"). */
const skippedEvents: readonly [RegExp, SkipReason][] = [
  [/^ObjectCreated:(InitiateMultipartUpload|UploadPart|UploadPartCopy)$/i, 'upload-in-progress'],
  [/^ObjectCreated:PutSymlink$/i, 'symlink'],
  [/^(ObjectRemoved:|ObjectReplication:ObjectRemoved$)/i, 'removed'],
  // Creations are not listed one by one: the name of the one that a save-as raises is documented nowhere.
  [/^(?!Manual$|ObjectCreated:|ObjectReplication:Object(Created|Modified)$)/i, 'not-a-creation'],
];

/** Why nothing is saved after the event, whatever the rules are. */
export function findSkipReason({ eventName, key, sizeBytes }: ObjectEvent): SkipReason | undefined {
  const [, reason] = skippedEvents.find(([pattern]) => pattern.test(eventName)) ?? [];
  if (reason !== undefined) {
    return reason;
  }
  if (key.endsWith('/')) {
    return 'directory-marker';
  }
  return sizeBytes === 0 ? 'empty-object' : undefined;
}

function planRule(rule: Rule, event: ObjectEvent): PlanItem[] {
  const values = valuesOf(rule, event);
  // A literal of two spreads takes several times as long, and V8 keeps it among its old objects.
  return rule.outputs.flatMap((output) =>
    output.variants.map((variant) => planOutput(rule, output, event, Object.assign({}, values, variant))),
  );
}

function planOutput(rule: Rule, output: Output, event: ObjectEvent, values: VariableValues): PlanItem {
  const { bucket, key, eventName, eTag, modifiedAt, sizeBytes } = event;
  const { submit } = output;
  const source = { bucket, key };
  // OSS itself fills in {index} where a task may save several objects.
  const targetKey = render(output.target.key, { index: '{index}', ...values });
  const target = { bucket: output.target.bucket ?? bucket, key: targetKey };
  try {
    const isGone = isRemoval(event);
    if (!isGone && event.eventTime === undefined && usesVariable(output, dayVariables)) {
      const advice = 'pass lastModified (ISO 8601 with an offset) in a manual event';
      throw new RangeError(`the event has no time, and the output needs its day: ${advice}`);
    }
    assertTarget(source, target);
    if (isGone) {
      return { status: 'planned', action: 'remove', rule: rule.name, source, target };
    }
    if (submit !== undefined && /[{}]/.test(render(output.target.key, values))) {
      const advice = 'rename the source, or remove the variable that puts them into the target';
      throw new RangeError(`OSS takes braces in the key of a task for variables of its own: ${advice}`);
    }
    const style = render(output.style, values);
    return {
      status: 'planned',
      action: submit === undefined ? 'save' : 'submit',
      rule: rule.name,
      source,
      target,
      style,
      process: buildProcess(style, target, submit?.notify),
      refresh: output.refresh,
      checkSource: output.checkSource,
      onRemove: rule.onRemove,
      afterSteps: output.afterSteps,
      version: { eTag, modifiedAt, sizeBytes },
      raisedAt: eventName === 'Manual' ? undefined : modifiedAt,
    };
  } catch (error) {
    const message = `${formatObject(source)}: ${error instanceof Error ? error.message : error}`;
    const failure = { kind: 'permanent', code: 'InvalidOutput', message } as const;
    return { status: 'failed', rule: rule.name, source, target, ...failure };
  }
}

function assertTarget(source: OssObject, target: OssObject): void {
  assertBucket(target.bucket);
  assertKey(target.key);
  if (source.bucket === target.bucket && source.key === target.key) {
    throw new RangeError('the target is the source itself: name another key or bucket');
  }
}

/** The values of a template's variables, but for those of `vary`. */
export function valuesOf(
  { name: rule }: Rule,
  { bucket, key, eTag = '', eventTime = '' }: ObjectEvent,
): VariableValues {
  // OSS tells UTC, whose text holds the day as it is: most events need not pay for a Date.
  const isUtc = eventTime === '' || eventTime.endsWith('Z');
  const day = isUtc ? eventTime : new Date(eventTime).toISOString();
  const [yyyy = '', mm = '', dd = ''] = day.slice(0, 10).split('-');
  return { key, bucket, rule, etag: eTag, yyyy, mm, dd, ...splitKey(key) };
}
