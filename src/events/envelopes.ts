import { fieldsOf, isJsonObject, type JsonObject, parseJson, pick, textOf } from '../json.ts';
import { EventError, type EventRecord, type ObjectEvent } from './object-event.ts';

/** One shape that Function Compute may deliver; `path` begins its fields' names in messages: `[0].data.`. */
export interface Envelope {
  name: string;
  detect(value: JsonObject): boolean;
  /** `open` opens an envelope within this one. */
  unwrap(value: JsonObject, path: string, open: EnvelopeOpener): EventRecord[];
}

type EnvelopeOpener = (inner: unknown, path: string) => EventRecord[];

/** At most this many layers of a task's content are opened; a text and the message in it are two. */
const maxContentLayers = 8;

export const envelopes: readonly Envelope[] = [
  {
    // The native trigger (Function Compute help, "Event formats of triggers"). SMQ carries the same document.
    name: 'OSS notification {"events": [{"eventName": …, "oss": {"bucket": …, "object": …}}]}',
    detect: ({ events }) => Array.isArray(events),
    unwrap: ({ events }, path) => readList(events, `${path}events`, readOssRecord),
  },
  {
    // EventBridge's "partial event" with the path `$.data` (EventBridge help, "Event transformation").
    name: 'one OSS record {"eventName": …, "oss": {"bucket": …, "object": …}}, or an array of them',
    detect: isOssRecord,
    unwrap: (value, path) => [readOssRecord(value, path)],
  },
  {
    // One native record in a CloudEvent (EventBridge help, "OSS events"). Types about no object, such as
    // `oss:CloudMonitor:…`, are let through by name; the data tell whether there is one, whatever the type.
    name: 'EventBridge CloudEvent {"source": "acs.oss", "type": "oss:…", "data": …}, or an array of them',
    detect: ({ source, type, data }) =>
      (source === 'acs.oss' && typeof type === 'string') || isOssRecord(fieldsOf(data)),
    unwrap: ({ type, data, time }, path) => {
      const eventName = withoutPrefix(textOf(type) ?? '');
      const isAboutObject = /^Object\w+:/.test(eventName) || isOssRecord(fieldsOf(data));
      return [isAboutObject ? readOssRecord(data, `${path}data.`, time) : { kind: 'other', eventName }];
    },
  },
  {
    // EventBridge has the fields of the content in `data` (EventBridge help, "IMM events"), an SMQ topic has
    // them in `content`, as a text (IMM help, "Asynchronous notification messages").
    name: 'the end of a task of IMM {"source": "acs.imm", "type": "imm:Task:…", "data" or "content": …}',
    detect: ({ source, type }) => source === 'acs.imm' && typeof type === 'string',
    unwrap: ({ type, data, content }, path) => {
      const eventName = textOf(type) ?? '';
      if (!eventName.startsWith('imm:Task:')) {
        return [{ kind: 'other', eventName }];
      }
      const [name, value] = data === undefined ? ['content', content] : ['data', data];
      const fields = readContent(value);
      return fields === undefined
        ? [malformed(`${path}${name}`, 'JSON that tells the end of a task', value)]
        : [{ kind: 'task', eventName, content: fields }];
    },
  },
  {
    // The dead letter of an asynchronous invocation (Function Compute help, "Result callback"), as queued.
    name: 'a destination\'s record {"requestContext": …, "requestPayload": …}',
    detect: (value) => 'requestPayload' in value,
    unwrap: ({ requestPayload }, path, open) => open(requestPayload, `${path}requestPayload`),
  },
  {
    // SMQ, formerly MNS, reaches Function Compute through EventBridge. The body is Base64 or not, as the
    // subscription decides (fc-runtime-go-sdk, README_MNS_Queue). The path `$.data` leaves the message alone.
    name: 'SMQ queue message {"type": "mns:Queue:…", "data": {"messageBody": …}}, or an array of them',
    detect: ({ type, messageBody }) => type === 'mns:Queue:SendMessage' || messageBody !== undefined,
    unwrap: ({ messageBody, data }, path, open) =>
      messageBody === undefined
        ? open(fieldsOf(data).messageBody, `${path}data.messageBody`)
        : open(messageBody, `${path}messageBody`),
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
  {
    // Destinations and own event buses put into CloudEvents what is understood without them as well;
    // `data_base64` is for bytes (CloudEvents, "JSON Event Format").
    name: 'a CloudEvent {"specversion": …, "data": …} that holds one of the others',
    detect: ({ specversion, data, data_base64: bytes }) =>
      typeof specversion === 'string' && (data ?? bytes) !== undefined,
    unwrap: ({ data, data_base64: bytes }, path, open) => open(data ?? bytes, `${path}data`),
  },
];

function isOssRecord({ eventName, oss }: JsonObject): boolean {
  return isText(eventName) && isJsonObject(oss);
}

/** The content of a task's message: an object, the text of one, or a message with either in its `content`. */
function readContent(value: unknown): JsonObject | undefined {
  let content = value;
  for (let layer = 1; layer <= maxContentLayers; layer += 1) {
    content = typeof content === 'string' ? parseJson(content) : (fieldsOf(content).content ?? content);
  }
  return isJsonObject(content) ? content : undefined;
}

/** `time` is that of the envelope, for a record that has none. */
function readOssRecord(record: unknown, path: string, time?: unknown): EventRecord {
  const { eventName, eventTime, oss } = fieldsOf(record);
  if (!isText(eventName)) {
    return malformed(`${path}eventName`, 'a text', eventName);
  }
  const name = withoutPrefix(eventName);
  if (/^Bucket\w+:/.test(name)) {
    return { kind: 'other', eventName: name }; // It has no object (EventBridge help, "OSS events").
  }
  const { key, size, eTag, objectMeta } = fieldsOf(pick(oss, 'object'));
  // `objectMeta` is absent in older records; where present it spares rules on content type a HEAD request.
  const contentType = pick(objectMeta, 'mimeType');
  const fields = { bucket: pick(oss, 'bucket', 'name'), key, size, eTag, contentType };
  const places = { bucket: `${path}oss.bucket.name`, key: `${path}oss.object.key` };
  const modifiedAt = readTime(eventTime) ?? readTime(time);
  const event = { eventName: name, eventTime: modifiedAt, modifiedAt };
  return readObjectFields(fields, places, event);
}

/**
 * A time in ISO 8601 with `Z` or an offset, from a text or from epoch seconds or milliseconds. Undefined is
 * any other: without an offset, each reader would read it by a clock of their own. Java writes the name of
 * the zone behind the offset (`ZonedDateTime`), EventBridge help shows times that end in China's zone alone.
 */
export function readTime(value: unknown): string | undefined {
  if (typeof value === 'number') {
    const date = new Date(value < 1e11 ? value * 1_000 : value);
    return value > 0 && !Number.isNaN(date.getTime()) ? date.toISOString() : undefined;
  }
  const text =
    textOf(value)
      ?.replace(/(Z|[+-]\d\d:?\d\d)\[[\w/+-]+\]$/, '$1')
      .replace(/ ?\[?Asia\/Shanghai\]?$/, '+08:00') ?? '';
  const isExact = /^\d{4}-\d\d-\d\d[T ][\d:.]+ ?(Z|[+-]\d\d:?\d\d)$/i.test(text);
  // Date takes February 30 for March 2.
  const isDay = new Date(text.slice(0, 10)).getUTCDate() === Number(text.slice(8, 10));
  if (!isExact || !isDay || Number.isNaN(Date.parse(text))) {
    return undefined;
  }
  // Hour 24 is midnight of the next day, whose date the text does not hold.
  return text.startsWith('24', 11) ? new Date(text).toISOString() : text;
}

function withoutPrefix(eventName: string): string {
  return eventName.replace(/^(acs:)?oss:/i, '');
}

/** Makes the record of an object; `places` name bucket and key in messages, `event` tells what happened. */
export function readObjectFields(
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
    contentType: textOf(contentType) || undefined,
  };
  return { kind: 'object', event: { bucket, key, ...event, ...properties } };
}

/** Whether a value is a text that is not empty. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Reads each item of a list, which must hold some; `read` is told how names of the item's fields begin. */
export function readList(
  list: unknown,
  path: string,
  read: (item: unknown, path: string) => EventRecord,
): EventRecord[] {
  return Array.isArray(list) && list.length > 0
    ? collect(list, (item, i) => [read(item, `${path}[${i}].`)])
    : [malformed(path, 'objects', list)];
}

/** Far more than fits into an asynchronous event (128 KB); bounds the memory that a hand-made one takes. */
const maxRecords = 10_000;

/** The records of all items together. Throws EventError where they are too many. */
export function collect(
  items: readonly unknown[],
  read: (item: unknown, i: number) => EventRecord[],
): EventRecord[] {
  const records: EventRecord[] = [];
  for (const [i, item] of items.entries()) {
    records.push(...read(item, i));
    if (records.length > maxRecords) {
      throw new EventError(`The event holds more than ${maxRecords} records: split it.`);
    }
  }
  return records;
}

/** The record of an item that is not as its envelope promises. */
export function malformed(place: string, expected: string, received: unknown): EventRecord {
  const problem = `${place}: expected ${expected}, received ${formatValue(received)}`;
  return { kind: 'malformed', problem };
}

/** A received value in the words of a message: short, and shallow, since events may be nested without end. */
export function formatValue(value: unknown): string {
  if (Array.isArray(value)) {
    return `an array of ${value.length}`;
  }
  const names = Object.keys(fieldsOf(value)).join(', ').slice(0, 200);
  return names === '' ? (JSON.stringify(value) ?? 'nothing').slice(0, 60) : `an object with ${names}`;
}
