import type { ObjectEvent } from '../events/object-event.ts';
import type { Call } from '../oss/call.ts';
import { headObject } from '../oss/operations.ts';
import { findMismatch, findPropertyMismatch } from '../rules/match.ts';
import { type Rule, type RuleSet, usesVariable } from '../rules/rule-set.ts';
import { dayVariables } from '../rules/template.ts';
import { findSkipReason, plan } from './plan.ts';
import type { FailedResult, Result } from './result.ts';

/**
 * Whether a rule asks for size, content type, ETag or time that the event does not tell, so that OSS has to
 * be asked first (a manual event names only bucket and key; older native ones have no content type).
 */
export function mustAsk(event: ObjectEvent, { rules }: Pick<RuleSet, 'rules'>): boolean {
  // The cheap question comes first: hardly any rule asks for more than an event tells.
  const mayAsk = (rule: Rule) => asksMore(rule, event) && mayMatch(rule, event);
  return findSkipReason(event) === undefined && rules.some(mayAsk);
}

/** Fills in what the event does not tell, by a HeadObject; throws what that throws. */
export async function completeEvent(
  event: ObjectEvent,
  { call, deadlineMs }: { call: Call; deadlineMs: number },
): Promise<ObjectEvent> {
  const { bucket, key, eventName } = event;
  const head = await headObject(call, { bucket, key, deadlineMs });
  const modifiedAt = head.lastModified?.toISOString();
  // The event's own properties stay: HEAD may be about a newer version of the object.
  return {
    bucket,
    key,
    eventName,
    sizeBytes: event.sizeBytes ?? head.sizeBytes,
    contentType: event.contentType ?? head.contentType,
    eTag: event.eTag ?? head.eTag,
    modifiedAt: event.modifiedAt ?? modifiedAt,
    eventTime: event.eventTime ?? (isManual(event) ? modifiedAt : undefined),
  };
}

/** Plans an object that OSS could not be asked about: the rules that need no more than its event tells. */
export function planWithoutAnswer(event: ObjectEvent, { rules }: RuleSet): Result[] {
  const others = rules.filter((rule) => !asksMore(rule, event));
  return plan({ kind: 'object', event }, { rules: others }).filter(({ status }) => status !== 'skipped');
}

/**
 * Plans an upload that OSS was asked about and no longer has: outputs that go with their source are deleted,
 * since an earlier attempt may have made them. What other rules, or a person, asked for has failed.
 */
export function planWithoutSource(event: ObjectEvent, { rules }: RuleSet, failure: FailedResult): Result[] {
  const gone = { ...event, eventName: 'ObjectRemoved:DeleteObject' };
  const removals = isManual(event)
    ? []
    : plan({ kind: 'object', event: gone }, { rules }).filter(({ status }) => status === 'planned');
  const hasOthers = rules.some((rule) => rule.onRemove === undefined && mayMatch(rule, event));
  return removals.length === 0 || hasOthers ? [...removals, failure] : removals;
}

/** Whether a rule asks for more than the event tells. */
export function asksMore({ match, outputs }: Rule, event: ObjectEvent): boolean {
  return (
    findPropertyMismatch(match, event)?.endsWith('-unknown') ||
    (event.sizeBytes === undefined && outputs.some(({ afterSteps }) => afterSteps?.skipLarger)) ||
    (event.modifiedAt === undefined && outputs.some(({ refresh }) => refresh === 'stale')) ||
    (event.eTag === undefined &&
      outputs.some((output) => output.checkSource || usesVariable(output, ['etag']))) ||
    (event.eventTime === undefined &&
      isManual(event) &&
      outputs.some((output) => usesVariable(output, dayVariables)))
  );
}

/** A manual event tells no time: the day is that of its object, since an invocation may be repeated. */
function isManual({ eventName }: ObjectEvent): boolean {
  return eventName === 'Manual';
}

function mayMatch({ match }: Rule, event: ObjectEvent): boolean {
  const mismatch = findMismatch(match, event);
  return mismatch === undefined || mismatch.endsWith('-unknown');
}
