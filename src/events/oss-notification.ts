import { fieldsOf } from '../json.ts';
import { describe, type Envelope, type EventRecord } from './event-record.ts';
import type { ObjectEvent } from './object-event.ts';

/**
 * The native OSS trigger: `{ events: [ { eventName, eventTime, oss: { bucket, object } } ] }`
 * (Function Compute help, "Event formats of triggers"). SMQ notifications carry the same document.
 */
export const ossNotification: Envelope = {
  name: 'OSS notification {"events": [{"eventName": …, "oss": {"bucket": …, "object": …}}]}',
  detect: (value) => Array.isArray(value.events),
  unwrap: (value, path) => {
    const records = Array.isArray(value.events) ? value.events : [];
    if (records.length === 0) {
      return [{ kind: 'malformed', problem: `${path}events: expected records, received none` }];
    }
    return records.map((record, i) => readOssRecord(record, `${path}events[${i}]`));
  },
};

/** Reads one native record; also what EventBridge puts into a CloudEvent's `data`. */
export function readOssRecord(record: unknown, path: string): EventRecord {
  const { eventName, eventTime, oss } = fieldsOf(record);
  const { bucket, object } = fieldsOf(oss);
  const { name } = fieldsOf(bucket);
  // `objectMeta` is absent in older records; where present it spares rules on content type a HEAD request.
  const { key, size, eTag, objectMeta } = fieldsOf(object);
  const { mimeType } = fieldsOf(objectMeta);
  if (typeof name !== 'string' || name === '') {
    return malformed(path, 'oss.bucket.name', name);
  }
  if (typeof key !== 'string' || key === '') {
    return malformed(path, 'oss.object.key', key);
  }
  if (typeof eventName !== 'string') {
    return malformed(path, 'eventName', eventName);
  }
  const event: ObjectEvent = { bucket: name, key, eventName: eventName.replace(/^oss:/, ''), eventTime: '' };
  if (typeof eventTime === 'string' && !Number.isNaN(Date.parse(eventTime))) {
    event.eventTime = event.modifiedAt = eventTime;
  }
  if (typeof size === 'number') {
    event.sizeBytes = size;
  }
  if (typeof eTag === 'string' && eTag !== '') {
    event.eTag = eTag;
  }
  if (typeof mimeType === 'string') {
    event.contentType = mimeType;
  }
  return { kind: 'object', event };
}

function malformed(path: string, field: string, received: unknown): EventRecord {
  return { kind: 'malformed', problem: `${path}.${field}: expected a text, received ${describe(received)}` };
}
