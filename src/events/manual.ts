import { isJsonObject, type JsonObject } from '../json.ts';
import { type Envelope, isText, malformed, readList, readObjectFields, readTime } from './envelopes.ts';
import type { EventRecord } from './object-event.ts';

/** Options of manual events, which no other envelope has (a style comes with its target). */
export const optionNames = ['style', 'dryRun', 'onlyMissing', 'rulesDigest', 'alwaysThrows'];

const exampleTime = 'a time such as 2026-01-31T18:00:00Z';

/**
 * Objects named by a person, a test in the console, or a CloudFlow step: `{bucket, key}`, `{bucket, keys}`,
 * or `{objects: [{bucket, key}, …]}`; each may state `size`, `contentType` and `eTag` where rules ask for
 * them, and `lastModified`, which then gives a target its day. The options beside them (an ad-hoc output,
 * whether only to plan, or only to make what is missing, by which rules, and whether every failure is thrown)
 * are those of these objects alone, wherever the envelope lies; a field that would be ignored is refused.
 */
export const manual: Envelope = {
  name: 'manual {"bucket": …, "key": …}, {"bucket": …, "keys": […]} or {"objects": [{"bucket", "key"}]}',
  detect: (value) => 'objects' in value || ('bucket' in value && ('key' in value || 'keys' in value)),
  unwrap: (value, path) => {
    const { style, target, rulesDigest, ...others } = value;
    const { dryRun = false, onlyMissing = false, alwaysThrows = false, ...named } = others;
    for (const [name, flag] of Object.entries({ dryRun, onlyMissing, alwaysThrows })) {
      if (typeof flag !== 'boolean') {
        return [malformed(`${path}${name}`, 'true or false', flag)];
      }
    }
    if (rulesDigest !== undefined && !isText(rulesDigest)) {
      return [malformed(`${path}rulesDigest`, 'a text', rulesDigest)];
    }
    const options = {
      dryRun: dryRun === true,
      onlyMissing: onlyMissing === true,
      alwaysThrows: alwaysThrows === true,
      adHoc: style === undefined && target === undefined ? undefined : { style, target, path },
      rulesDigest,
    };
    return readNamed(named, path).map((record) => ({ ...record, options }));
  },
};

function readNamed(named: JsonObject, path: string): EventRecord[] {
  const { bucket, keys, objects } = named;
  if (objects === undefined && keys === undefined) {
    return [readManual(named, path)];
  }
  const known = objects === undefined ? ['bucket', 'keys'] : ['objects'];
  const unknown = Object.keys(named).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    return [noSuchField(`${path}${unknown}`)];
  }
  return objects === undefined
    ? readList(keys, `${path}keys`, (key, place) =>
        isText(key) ? readManual({ bucket, key }, path) : malformed(place.slice(0, -1), 'a text', key),
      )
    : readList(objects, `${path}objects`, readManual);
}

function readManual(object: unknown, path: string): EventRecord {
  if (!isJsonObject(object)) {
    return malformed(path.slice(0, -1), 'an object with bucket and key', object);
  }
  const faults = Object.entries(object).flatMap(([name, value]) => findFault(name, value, path) ?? []);
  const { lastModified, ...fields } = object;
  const places = { bucket: `${path}bucket`, key: `${path}key` };
  const modifiedAt = readTime(lastModified);
  const event = { eventName: 'Manual', eventTime: modifiedAt, modifiedAt };
  return faults[0] ?? readObjectFields(fields, places, event);
}

function findFault(name: string, value: unknown, path: string): EventRecord | undefined {
  const unless = (isSound: boolean, expected: string) =>
    isSound ? undefined : malformed(`${path}${name}`, expected, value);
  switch (name) {
    case 'size':
      return unless(Number.isSafeInteger(value) && Number(value) >= 0, 'a whole number of bytes');
    case 'lastModified':
      return unless(readTime(value) !== undefined, exampleTime);
    case 'bucket':
    case 'key':
    case 'contentType':
    case 'eTag':
      return unless(isText(value), 'a text');
    default:
      return noSuchField(`${path}${name}`);
  }
}

/** A field that would be ignored. */
export function noSuchField(place: string): EventRecord {
  return { kind: 'malformed', problem: `${place}: no such field here` };
}
