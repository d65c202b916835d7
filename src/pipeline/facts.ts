import type { EventRecord } from '../events/event-record.ts';
import type { ObjectEvent } from '../events/object-event.ts';
import type { ProcessingClient } from '../oss/processing.ts';
import { findMismatch, rulesNear } from '../rules/match.ts';
import type { Match, Output, Rule, RuleSet } from '../rules/rule.ts';
import { variablesOf } from '../rules/template.ts';
import { describeError } from './failure.ts';
import type { Failed } from './result.ts';

interface Source {
  client: Pick<ProcessingClient, 'headObject'>;
  deadline: number;
}

/**
 * Fills in size, content type and ETag where a rule asks for one that the event does not carry (a manual event
 * names only bucket and key; older native ones have no content type). A HeadObject is made for those alone; if
 * it fails, the record becomes a failure, since whether rules match it cannot be told.
 */
export async function completeFacts(
  records: readonly EventRecord[],
  rules: RuleSet,
  source: Source,
): Promise<(EventRecord | Failed)[]> {
  const completed: (EventRecord | Failed)[] = [];
  for (const record of records) {
    const lacking = record.kind === 'object' && lacksFacts(record.event, rules);
    completed.push(lacking ? await complete(record.event, source) : record);
  }
  return completed;
}

function lacksFacts(event: ObjectEvent, rules: RuleSet): boolean {
  return rulesNear(event.key, rules).some((rule) => asksMore(rule, event) && mayTake(rule.match, event));
}

/** The cheap question first: hardly any rule asks for what an event does not say. */
function asksMore({ match, outputs }: Rule, event: ObjectEvent): boolean {
  if (event.contentType === undefined && match.contentType.length > 0) {
    return true;
  }
  if (event.sizeBytes === undefined && (match.minBytes ?? match.maxBytes) !== undefined) {
    return true;
  }
  if (event.modifiedAt === undefined && outputs.some(({ refresh }) => refresh === 'stale')) {
    return true;
  }
  return event.eTag === undefined && outputs.some(usesETag);
}

function usesETag({ checkSource, style, target }: Output): boolean {
  const variables = () => variablesOf([...style.parts, ...target.key.parts]);
  return checkSource === true || variables().some(({ name }) => name === 'etag');
}

function mayTake(match: Match, event: ObjectEvent): boolean {
  const mismatch = findMismatch(match, event);
  return mismatch === undefined || mismatch.endsWith('-unknown');
}

async function complete(event: ObjectEvent, { client, deadline }: Source): Promise<EventRecord | Failed> {
  const source = { bucket: event.bucket, key: event.key };
  try {
    const { sizeBytes, contentType, eTag, lastModified } = await client.headObject({ ...source, deadline });
    const facts = {
      sizeBytes,
      ...(eTag && { eTag }),
      ...(contentType && { contentType }),
      ...(lastModified && { modifiedAt: lastModified.toISOString() }),
    };
    return { kind: 'object', event: { ...facts, ...event } };
  } catch (error) {
    return { status: 'failed', source, ...describeError(error) };
  }
}
