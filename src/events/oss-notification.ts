import { pick } from '../json.ts';
import { describe, type Envelope, type EventRecord } from './event-record.ts';

/**
 * The native OSS trigger: `{ events: [ { eventName, eventTime, oss: { bucket, object } } ] }`
 * (Function Compute help, "Event formats of triggers"). SMQ notifications carry the same document.
 */
export const ossNotification: Envelope = {
  name: 'OSS notification {"events": [{"eventName": …, "oss": {"bucket": …, "object": …}}]}',
  detect: (value) => Array.isArray(value.events),
  unwrap: (value, path) => {
    const records = Array.isArray(value.events) ? value.events : [];
    if (records.length === 0)
      return [{ kind: 'malformed', problem: `${path}events: expected records, received none` }];
    return records.map((record, i) => readOssRecord(record, `${path}events[${i}]`));
  },
};

/** Reads one native record; also what EventBridge puts into a CloudEvent's `data`. */
export function readOssRecord(record: unknown, path: string): EventRecord {
  const bucket = pick(record, 'oss', 'bucket', 'name');
  const key = pick(record, 'oss', 'object', 'key');
  const eventName = pick(record, 'eventName');
  if (typeof bucket !== 'string' || bucket === '') return malformed(path, 'oss.bucket.name', bucket);
  if (typeof key !== 'string' || key === '') return malformed(path, 'oss.object.key', key);
  if (typeof eventName !== 'string') return malformed(path, 'eventName', eventName);
  const object = pick(record, 'oss', 'object');
  const sizeBytes = pick(object, 'size');
  const eTag = pick(object, 'eTag');
  // Absent in older records; where present it spares rules on content type a HEAD request.
  const contentType = pick(object, 'objectMeta', 'mimeType');
  const eventTime = pick(record, 'eventTime');
  const time = typeof eventTime === 'string' && !Number.isNaN(Date.parse(eventTime)) ? eventTime : '';
  return {
    kind: 'object',
    event: {
      bucket,
      key,
      eventName: eventName.replace(/^oss:/, ''),
      eventTime: time,
      ...(time !== '' && { modifiedAt: time }),
      ...(typeof sizeBytes === 'number' && { sizeBytes }),
      ...(typeof eTag === 'string' && eTag !== '' && { eTag }),
      ...(typeof contentType === 'string' && { contentType }),
    },
  };
}

function malformed(path: string, field: string, received: unknown): EventRecord {
  return { kind: 'malformed', problem: `${path}.${field}: expected a text, received ${describe(received)}` };
}
