import { fieldsOf, type JsonObject, textOf } from '../json.ts';
import type { EventRecord, ObjectEvent } from './object-event.ts';

/** One shape that Function Compute may deliver; `path` begins the names of its fields in messages: `[0].data.`. */
export interface Envelope {
  name: string;
  detect(value: JsonObject): boolean;
  /** `open` opens an envelope within this one. */
  unwrap(
    value: JsonObject,
    path: string,
    open: (inner: unknown, path: string) => EventRecord[],
  ): EventRecord[];
}

export const envelopes: readonly Envelope[] = [
  {
    // The native trigger (Function Compute help, "Event formats of triggers"). SMQ carries the same document.
    name: 'OSS notification {"events": [{"eventName": …, "oss": {"bucket": …, "object": …}}]}',
    detect: ({ events }) => Array.isArray(events),
    unwrap: ({ events }, path) => readList(events, `${path}events`, readOssRecord),
  },
  {
    // One native record in a CloudEvent (EventBridge help, "OSS events"). Types that are about no object, such as
    // `oss:CloudMonitor:…`, are let through by name.
    name: 'EventBridge CloudEvent {"source": "acs.oss", "type": "oss:ObjectCreated:…", "data": …}, or an array of them',
    detect: ({ source, type }) => source === 'acs.oss' && typeof type === 'string',
    unwrap: ({ type, data }, path) => {
      const eventName = withoutPrefix(String(type));
      const isAboutObject = /^Object\w+:/.test(eventName);
      return [isAboutObject ? readOssRecord(data, `${path}data.`) : { kind: 'other', eventName }];
    },
  },
  {
    // SMQ, formerly MNS, reaches Function Compute through EventBridge. The body is Base64 or not, as the subscription
    // decides (fc-runtime-go-sdk, README_MNS_Queue).
    name: 'SMQ queue message {"type": "mns:Queue:SendMessage", "data": {"messageBody": …}}, or an array of them',
    detect: ({ type }) => type === 'mns:Queue:SendMessage',
    unwrap: ({ data }, path, open) => open(fieldsOf(data).messageBody, `${path}data.messageBody`),
  },
  {
    // A topic with notifyContentFormat JSON (fc3, event-template/mns-json).
    name: 'SMQ topic message {"TopicOwner": …, "Message": …}',
    detect: ({ Message, TopicOwner }) => Message !== undefined && TopicOwner !== undefined,
    unwrap: ({ Message }, path, open) => open(Message, `${path}Message`),
  },
  {
    // A topic with notifyContentFormat STREAM and attributes; without attributes the event is the bare body.
    name: 'SMQ topic stream {"body": …, "attrs": …} or the bare body, Base64 or not',
    detect: ({ body, attrs }) => body !== undefined && attrs !== undefined,
    unwrap: ({ body }, path, open) => open(body, `${path}body`),
  },
];

function readOssRecord(record: unknown, path: string): EventRecord {
  const { eventName, eventTime, oss } = fieldsOf(record);
  if (!isText(eventName)) {
    return malformed(`${path}eventName`, 'a text', eventName);
  }
  const { bucket, object } = fieldsOf(oss);
  // `objectMeta` is absent in older records; where present it spares rules on content type a HEAD request.
  const { key, size, eTag, objectMeta } = fieldsOf(object);
  const fields = {
    bucket: fieldsOf(bucket).name,
    key,
    size,
    eTag,
    contentType: fieldsOf(objectMeta).mimeType,
  };
  const places = { bucket: `${path}oss.bucket.name`, key: `${path}oss.object.key` };
  const time = textOf(eventTime) ?? '';
  const modifiedAt = Number.isNaN(Date.parse(time)) ? undefined : time;
  return readObject(fields, places, {
    eventName: withoutPrefix(eventName),
    eventTime: modifiedAt ?? '',
    modifiedAt,
  });
}

function withoutPrefix(eventName: string): string {
  return eventName.replace(/^oss:/, '');
}

/** Makes the record of an object; `places` name its bucket and key in messages, `event` says what happened to it. */
export function readObject(
  { bucket, key, size, eTag, contentType }: JsonObject,
  places: { bucket: string; key: string },
  event: Pick<ObjectEvent, 'eventName' | 'eventTime' | 'modifiedAt'>,
): EventRecord {
  if (!isText(bucket)) {
    return malformed(places.bucket, 'a text', bucket);
  }
  if (!isText(key)) {
    return malformed(places.key, 'a text', key);
  }
  const properties = {
    sizeBytes: typeof size === 'number' ? size : undefined,
    eTag: textOf(eTag)?.replaceAll('"', '') || undefined,
    contentType: textOf(contentType),
  };
  return { kind: 'object', event: { bucket, key, ...event, ...properties } };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Reads each item of a list, which must hold some; `read` is told how the names of the item's fields begin. */
export function readList(
  list: unknown,
  path: string,
  read: (item: unknown, path: string) => EventRecord,
): EventRecord[] {
  return Array.isArray(list) && list.length > 0
    ? list.map((item, i) => read(item, `${path}[${i}].`))
    : [malformed(path, 'objects', list)];
}

function malformed(place: string, expected: string, received: unknown): EventRecord {
  return { kind: 'malformed', problem: `${place}: expected ${expected}, received ${describe(received)}` };
}

/** A received value in the words of a message: short, and shallow, since events may be nested without end. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) {
    return `an array of ${value.length}`;
  }
  const names = Object.keys(fieldsOf(value)).slice(0, 8).join(', ').slice(0, 200);
  return names === '' ? (JSON.stringify(value) ?? 'nothing').slice(0, 60) : `an object with ${names}`;
}
