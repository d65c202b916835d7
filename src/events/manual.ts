import { fieldsOf, isJsonObject, type JsonObject } from '../json.ts';
import { describe, type Envelope, malformed, readList, readObject, readTime } from './envelopes.ts';
import type { EventRecord, ManualOptions } from './object-event.ts';

/** Fields beside the objects: an ad-hoc output, whether only to plan, and what need not be made again. */
const optionFields = ['style', 'target', 'dryRun', 'savedSince'];
const objectFields = ['bucket', 'key', 'size', 'contentType', 'eTag', 'lastModified'];
const exampleTime = 'a time such as 2026-01-31T18:00:00Z';

/**
 * Objects named by a person, a test in the console, or a CloudFlow step: `{bucket, key}`, `{bucket, keys}`, or
 * `{objects: [{bucket, key}, …]}`; each may state `size`, `contentType` and `eTag` where rules ask for them, and
 * `lastModified`, which then gives a target its day. The options beside them are those of these objects alone, wherever
 * the envelope lies; a field that would be ignored is refused.
 */
export const manual: Envelope = {
  name: 'manual {"bucket": …, "key": …}, {"bucket": …, "keys": […]} or {"objects": [{"bucket": …, "key": …}]}',
  detect: (value) => 'objects' in value || ('bucket' in value && ('key' in value || 'keys' in value)),
  unwrap: (value, path) => {
    const { bucket, keys, objects } = value;
    const named =
      objects !== undefined ? ['objects'] : keys !== undefined ? ['bucket', 'keys'] : objectFields;
    const problem = findUnknown(value, [...named, ...optionFields]) ?? findWrongOption(value);
    if (problem !== undefined) {
      return [{ kind: 'malformed', problem: `${path}${problem}` }];
    }
    const options = readOptions(value);
    return readObjects(value, path).map((record) => ({ ...record, options }));

    function readObjects(fields: JsonObject, place: string): EventRecord[] {
      if (objects !== undefined) {
        return readList(objects, `${place}objects`, readNamed);
      }
      return keys === undefined
        ? [readManual(fields, place)]
        : readList(keys, `${place}keys`, (key, keyPlace) => readManual({ bucket, key }, keyPlace));
    }
  },
};

function findUnknown(value: JsonObject, known: readonly string[]): string | undefined {
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  return unknown && `${unknown}: no such field here`;
}

function findWrongOption({ dryRun = false, savedSince }: JsonObject): string | undefined {
  if (typeof dryRun !== 'boolean') {
    return `dryRun: expected true or false, received ${describe(dryRun)}`;
  }
  const isTime = savedSince === undefined || readTime(savedSince) !== undefined;
  return isTime ? undefined : `savedSince: expected ${exampleTime}, received ${describe(savedSince)}`;
}

function readOptions({ style, target, dryRun, savedSince }: JsonObject): ManualOptions {
  return {
    dryRun: dryRun === true,
    adHoc: style === undefined && target === undefined ? undefined : { style, target },
    savedSince: savedSince === undefined ? undefined : Date.parse(readTime(savedSince) ?? ''),
  };
}

/** One of `objects`: it has no options of its own. */
function readNamed(object: unknown, path: string): EventRecord {
  const unknown = isJsonObject(object) ? findUnknown(object, objectFields) : undefined;
  return unknown === undefined
    ? readManual(object, path)
    : { kind: 'malformed', problem: `${path}${unknown}` };
}

function readManual(object: unknown, path: string): EventRecord {
  const places = { bucket: `${path}bucket`, key: `${path}key` };
  const { lastModified, ...fields } = fieldsOf(object);
  const modifiedAt = readTime(lastModified);
  if (lastModified !== undefined && modifiedAt === undefined) {
    return malformed(`${path}lastModified`, exampleTime, lastModified);
  }
  return readObject(fields, places, { eventName: 'Manual', eventTime: modifiedAt, modifiedAt });
}
