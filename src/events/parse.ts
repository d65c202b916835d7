import { isJsonObject, parseJson } from '../json.ts';
import { describe, envelopes } from './envelopes.ts';
import { type ManualOptions, manual, readManualOptions } from './manual.ts';
import { EventError, type EventRecord } from './object-event.ts';

/** The objects of one event, and what it asks for beside them. */
export interface ParsedEvent extends ManualOptions {
  records: EventRecord[];
}

/** The first one that detects its shape opens the value. */
const understood = [...envelopes, manual];

/** Far above what fits into an asynchronous event (128 KB); bounds what a hand-made one may ask for. */
const maxRecords = 10_000;
/** Envelopes in envelopes (EventBridge around SMQ around OSS) are three deep; text in text counts too. */
const maxDepth = 8;

/**
 * Turns whatever Function Compute delivers into records. Never reads only the first one, never decodes keys.
 * Throws EventError when no usable record is there; a bad record beside good ones is returned as `malformed`.
 * `now` is the time given to objects that come without an event time.
 */
export function parseEvent(bytes: Uint8Array, now: Date): ParsedEvent {
  const value = decode(Buffer.from(bytes).toString());
  const records = open(value, '', 0).map((record) => withTime(record, now));
  if (records.every(({ kind }) => kind === 'malformed')) {
    throw new EventError(explain(records, value));
  }
  if (records.length > maxRecords) {
    throw new EventError(`The event holds ${records.length} records; at most ${maxRecords}.`);
  }
  return { records, ...readManualOptions(value) };
}

function open(value: unknown, path: string, depth: number): EventRecord[] {
  if (depth > maxDepth) {
    return [{ kind: 'malformed', problem: `${path}: nested more than ${maxDepth} deep` }];
  }
  if (typeof value === 'string') {
    return open(decode(value), path, depth + 1);
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => open(item, `${path}[${i}]`, depth + 1));
  }
  const envelope = isJsonObject(value) ? understood.find((candidate) => candidate.detect(value)) : undefined;
  if (envelope === undefined || !isJsonObject(value)) {
    return [{ kind: 'malformed', problem: `${path || 'the event'}: received ${describe(value)}` }];
  }
  const openInner = (inner: unknown, innerPath: string) => open(inner, innerPath, depth + 1);
  return envelope.unwrap(value, path === '' ? '' : `${path}.`, openInner);
}

/** JSON, or Base64 of JSON as OSS publishes to SMQ; anything else becomes null, which no envelope takes. */
function decode(text: string): unknown {
  const value = parseJson(text);
  if (value !== undefined || !/^[\w+/-]+={0,2}\s*$/.test(text)) {
    return value ?? null;
  }
  return parseJson(Buffer.from(text, 'base64').toString()) ?? null;
}

function withTime(record: EventRecord, now: Date): EventRecord {
  const isTimeless = record.kind === 'object' && record.event.eventTime === '';
  return isTimeless ? { ...record, event: { ...record.event, eventTime: now.toISOString() } } : record;
}

function explain(records: readonly EventRecord[], value: unknown): string {
  const problems = records.flatMap((record) => (record.kind === 'malformed' ? [record.problem] : []));
  const named = problems.length === 0 ? [`received ${describe(value)}`] : problems.slice(0, 5);
  const more = problems.length > 5 ? ` (and ${problems.length - 5} more)` : '';
  const shapes = understood.map(({ name }) => `\n  - ${name}`).join('');
  return `The event holds no object to process: ${named.join('; ')}${more}. Understood are:${shapes}`;
}
