import type { EventRecord } from '../events/event-record.ts';
import type { ObjectEvent } from '../events/object-event.ts';
import type { OssClient } from '../oss/client.ts';
import { findMismatch, rulesNear } from '../rules/match.ts';
import type { RuleSet } from '../rules/rule.ts';
import { variablesOf } from '../rules/template.ts';
import { describeError } from './failure.ts';
import type { Failed } from './result.ts';

interface Source {
  client: Pick<OssClient, 'headObject'>;
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
  return rulesNear(event.key, rules).some((rule) => {
    const mismatch = findMismatch(rule.match, event);
    if (mismatch !== undefined) return mismatch.endsWith('-unknown');
    return rule.outputs.some(({ refresh, checkSource, style, target }) => {
      if (event.modifiedAt === undefined && refresh === 'stale') return true;
      if (event.eTag !== undefined) return false;
      return (
        checkSource || variablesOf([...style.parts, ...target.key.parts]).some(({ name }) => name === 'etag')
      );
    });
  });
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
