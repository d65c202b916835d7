import { isJsonObject, type JsonObject, parseJson } from '../json.ts';
import { ossCloudEvent, smqQueueMessage } from './cloud-event.ts';
import { describe, type Envelope, type EventRecord } from './event-record.ts';
import { manual, manualOptions } from './manual.ts';
import { ossNotification } from './oss-notification.ts';
import { smqTopicMessage, smqTopicStream } from './smq-topic.ts';

/** What one invocation asks for. */
export interface Invocation {
  records: EventRecord[];
  /** A style and target named in a manual event, as they came; they stand in for the configured rules. */
  adHoc?: { style: unknown; target: unknown; vary?: unknown };
  dryRun: boolean;
}

/** The event holds nothing this function can act on; the message says what it would understand. */
export class EventError extends Error {
  override name = 'EventError';
}

/** First match wins. */
const envelopes: readonly Envelope[] = [
  ossNotification,
  ossCloudEvent,
  smqQueueMessage,
  smqTopicMessage,
  smqTopicStream,
  manual,
];

/** Far above what fits into an asynchronous event (128 KB); bounds what a hand-made one may ask for. */
const maxRecords = 10_000;
/** Envelopes in envelopes (EventBridge around SMQ around OSS) are three deep; text in text counts too. */
const maxDepth = 8;

/**
 * Turns whatever Function Compute delivers into records. Never reads only the first one, never decodes keys.
 * Throws EventError when no usable record is there; a bad record beside good ones is returned as `malformed`.
 * `now` is the time given to objects that come without an event time.
 */
export function parseEvent(bytes: Uint8Array, now: Date): Invocation {
  const value = decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
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
  const envelope = isJsonObject(value) ? envelopes.find((candidate) => candidate.detect(value)) : undefined;
  if (envelope === undefined || !isJsonObject(value)) {
    return [
      { kind: 'malformed', problem: `${path === '' ? 'the event' : path}: received ${describe(value)}` },
    ];
  }
  const prefix = path === '' ? '' : `${path}.`;
  return envelope.unwrap(value, prefix, (inner, innerPath) => open(inner, innerPath, depth + 1));
}

/** JSON, or Base64 of JSON as OSS publishes to SMQ; anything else is given back as null, which no envelope takes. */
function decode(text: string): unknown {
  const direct = parseJson(text);
  if (direct !== undefined) {
    return direct;
  }
  return /^[\w+/-]+={0,2}\s*$/.test(text)
    ? (parseJson(Buffer.from(text, 'base64').toString('utf8')) ?? null)
    : null;
}

function withTime(record: EventRecord, now: Date): EventRecord {
  if (record.kind !== 'object' || record.event.eventTime !== '') {
    return record;
  }
  return { kind: 'object', event: { ...record.event, eventTime: now.toISOString() } };
}

function readManualOptions(value: unknown): Omit<Invocation, 'records'> {
  if (!isJsonObject(value) || !manualOptions.some((name) => name in value)) {
    return { dryRun: false };
  }
  const { style, target, vary, dryRun = false }: JsonObject = value;
  if (typeof dryRun !== 'boolean') {
    throw new EventError(`dryRun: expected true or false, received ${describe(dryRun)}.`);
  }
  if (style === undefined && target === undefined) {
    return { dryRun };
  }
  return { dryRun, adHoc: { style, target, ...(vary !== undefined && { vary }) } };
}

function explain(records: readonly EventRecord[], value: unknown): string {
  const problems = records.flatMap((record) => (record.kind === 'malformed' ? [record.problem] : []));
  const found = problems.length === 0 ? [`received ${describe(value)}`] : problems.slice(0, 5);
  const more = problems.length > 5 ? ` (and ${problems.length - 5} more)` : '';
  const shapes = envelopes.map(({ name }) => `\n  - ${name}`).join('');
  return `The event holds no object to process: ${found.join('; ')}${more}. Understood are:${shapes}`;
}
