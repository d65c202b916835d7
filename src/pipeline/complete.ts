import type { EventRecord, ObjectEvent } from '../events/object-event.ts';
import type { Call } from '../oss/call.ts';
import { headObject } from '../oss/operations.ts';
import { findMismatch } from '../rules/match.ts';
import type { Output, Rule, RuleSet } from '../rules/rule-set.ts';
import { variablesOf } from '../rules/template.ts';
import { describeError, type FailedResult } from './result.ts';

/**
 * Fills in size, content type, ETag and time where a rule asks for one that the event does not carry (a manual event
 * names only bucket and key; older native ones have no content type). A HeadObject is made for those alone; if it
 * fails, the record becomes a failure, since nobody can tell then whether a rule matches.
 */
export async function completeRecord(
  record: EventRecord,
  { rules }: RuleSet,
  { call, deadline }: { call: Call; deadline: number },
): Promise<EventRecord | FailedResult> {
  // The cheap question comes first: hardly any rule asks for more than an event tells.
  const lacks = (event: ObjectEvent) => rules.some((rule) => asksMore(rule, event) && mayMatch(rule, event));
  if (record.kind !== 'object' || !lacks(record.event)) {
    return record;
  }
  const { event } = record;
  const { bucket, key } = event;
  try {
    const head = await headObject(call, { bucket, key, deadline });
    // The event's own properties stay: HEAD may be about a newer version of the object.
    const sizeBytes = event.sizeBytes ?? head.sizeBytes;
    const contentType = event.contentType ?? head.contentType;
    const eTag = event.eTag ?? head.eTag;
    const modifiedAt = event.modifiedAt ?? head.lastModified?.toISOString();
    return { kind: 'object', event: { ...event, sizeBytes, contentType, eTag, modifiedAt } };
  } catch (error) {
    return { status: 'failed', source: { bucket, key }, ...describeError(error) };
  }
}

/** Whether a rule asks for more than the event tells, so that OSS has to be asked. */
export function asksMore({ match, outputs }: Rule, event: ObjectEvent): boolean {
  return (
    (event.contentType === undefined && match.contentTypes.length > 0) ||
    (event.sizeBytes === undefined && (match.minBytes ?? match.maxBytes) !== undefined) ||
    (event.modifiedAt === undefined && outputs.some(({ refresh }) => refresh === 'stale')) ||
    (event.eTag === undefined && outputs.some(usesETag))
  );
}

function usesETag({ checkSource, style, target }: Output): boolean {
  return checkSource === true || variablesOf([...style, ...target.key]).some(({ name }) => name === 'etag');
}

function mayMatch({ match }: Rule, event: ObjectEvent): boolean {
  const mismatch = findMismatch(match, event);
  return mismatch === undefined || mismatch.endsWith('-unknown');
}
