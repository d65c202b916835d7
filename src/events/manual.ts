import { fieldsOf, type JsonObject } from '../json.ts';
import { type Envelope, malformed, readList, readObjectFields, readTime } from './envelopes.ts';
import type { EventRecord } from './object-event.ts';

const objectFields = ['bucket', 'key', 'size', 'contentType', 'eTag', 'lastModified'];
const exampleTime = 'a time such as 2026-01-31T18:00:00Z';

/**
 * Objects named by a person, a test in the console, or a CloudFlow step: `{bucket, key}`, `{bucket, keys}`, or
 * `{objects: [{bucket, key}, …]}`; each may state `size`, `contentType` and `eTag` where rules ask for them, and
 * `lastModified`, which then gives a target its day. The options beside them (an ad-hoc output, whether only to plan, and
 * what need not be made again) are those of these objects alone, wherever the envelope lies; a field that would be
 * ignored is refused.
 */
export const manual: Envelope = {
  name: 'manual {"bucket": …, "key": …}, {"bucket": …, "keys": […]} or {"objects": [{"bucket": …, "key": …}]}',
  detect: (value) => 'objects' in value || ('bucket' in value && ('key' in value || 'keys' in value)),
  unwrap: (value, path) => {
    const { style, target, dryRun = false, savedSince, ...named } = value;
    const since = readTime(savedSince);
    if (typeof dryRun !== 'boolean') {
      return [malformed(`${path}dryRun`, 'true or false', dryRun)];
    }
    if (savedSince !== undefined && since === undefined) {
      return [malformed(`${path}savedSince`, exampleTime, savedSince)];
    }
    const options = {
      dryRun,
      adHoc: style === undefined && target === undefined ? undefined : { style, target },
      savedSince: since === undefined ? undefined : Date.parse(since),
    };
    return readNamed(named, path).map((record) => ({ ...record, options }));
  },
};

function readNamed(named: JsonObject, path: string): EventRecord[] {
  const { bucket, keys, objects } = named;
  if (objects === undefined && keys === undefined) {
    return [readManual(named, path)];
  }
  const unknown = findUnknown(named, objects === undefined ? ['bucket', 'keys'] : ['objects'], path);
  if (unknown !== undefined) {
    return [unknown];
  }
  return objects === undefined
    ? readList(keys, `${path}keys`, (key, place) => readManual({ bucket, key }, place))
    : readList(objects, `${path}objects`, readManual);
}

function readManual(object: unknown, path: string): EventRecord {
  const { lastModified, ...fields } = fieldsOf(object);
  const modifiedAt = readTime(lastModified);
  if (lastModified !== undefined && modifiedAt === undefined) {
    return malformed(`${path}lastModified`, exampleTime, lastModified);
  }
  const places = { bucket: `${path}bucket`, key: `${path}key` };
  const event = { eventName: 'Manual', eventTime: modifiedAt, modifiedAt };
  return findUnknown(object, objectFields, path) ?? readObjectFields(fields, places, event);
}

function findUnknown(object: unknown, known: readonly string[], path: string): EventRecord | undefined {
  const unknown = Object.keys(fieldsOf(object)).find((name) => !known.includes(name));
  return unknown === undefined
    ? undefined
    : { kind: 'malformed', problem: `${path}${unknown}: no such field here` };
}
