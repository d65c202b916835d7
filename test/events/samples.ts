import type { EventRecord } from '../../src/events/object-event.ts';
import { parseEvent } from '../../src/events/parse.ts';

export const parse = (event: unknown): EventRecord[] => parseEvent(Buffer.from(JSON.stringify(event)));

export function keysOf(records: readonly EventRecord[]): string[] {
  return records.map((record) =>
    record.kind === 'object' ? `${record.event.bucket}/${record.event.key}` : record.kind,
  );
}
