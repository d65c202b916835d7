import { readFileSync } from 'node:fs';
import type { EventRecord } from '../../src/events/object-event.ts';
import { parseEvent } from '../../src/events/parse.ts';

export const parse = (event: unknown): EventRecord[] => parseEvent(Buffer.from(JSON.stringify(event)));

export function keysOf(records: readonly EventRecord[]): string[] {
  return records.map((record) =>
    record.kind === 'object' ? `${record.event.bucket}/${record.event.key}` : record.kind,
  );
}

interface Sample {
  id: string;
  kind: string;
  delivery: string;
  /** `bucket/key` of each object that it holds, or the kind of a record about none. */
  expect?: string[];
  event: unknown;
}

const file = new URL('../fixtures/events/fc-events.json', import.meta.url);
export const { samples }: { samples: Sample[] } = JSON.parse(readFileSync(file, 'utf8'));

export const bytesOf = ({ delivery, event }: Pick<Sample, 'delivery' | 'event'>) =>
  Buffer.from(delivery === 'json' ? JSON.stringify(event) : String(event));

export function sample(id: string): Sample {
  const found = samples.find((candidate) => candidate.id === id);
  if (found === undefined) {
    throw new Error(`no sample ${id}`);
  }
  return found;
}

export const nativeRecord = (key: string) => ({
  eventName: 'ObjectCreated:PutObject',
  eventTime: '2026-03-11T06:21:35.000Z',
  oss: {
    bucket: { name: 'example-src' },
    object: { key, size: 7, eTag: 'AB', objectMeta: { mimeType: 'image/png' } },
  },
});
