import { fieldsOf, textOf } from '../json.ts';
import { type Envelope, readList, readObject } from './envelopes.ts';
import type { EventRecord } from './object-event.ts';

/** An output that a manual event names in place of the rules, as it came. */
export interface AdHocOutput {
  style: unknown;
  target: unknown;
}

/** Fields beside the objects: an ad-hoc output, whether only to plan, and what need not be made again. */
const manualOptions = ['style', 'target', 'dryRun', 'savedSince'];
const objectFields = ['bucket', 'key', 'keys', 'objects'];
const objectProperties = ['size', 'contentType', 'eTag', 'lastModified'];

/**
 * Objects named by a person, a test in the console, or a CloudFlow step: `{bucket, key}`, `{bucket, keys}`, or
 * `{objects: [{bucket, key}, …]}`; each may state `size`, `contentType` and `eTag` where rules ask for them, and
 * `lastModified`, which then gives a target its day.
 */
export const manual: Envelope = {
  name: 'manual {"bucket": …, "key": …}, {"bucket": …, "keys": […]} or {"objects": [{"bucket": …, "key": …}]}',
  detect: (value) => 'objects' in value || ('bucket' in value && ('key' in value || 'keys' in value)),
  unwrap: (value, path) => {
    const known = [...objectFields, ...manualOptions, ...('key' in value ? objectProperties : [])];
    const unknown = Object.keys(value).find((name) => !known.includes(name));
    if (unknown !== undefined) {
      return [{ kind: 'malformed', problem: `${path}${unknown}: no such field here` }];
    }
    const { bucket, keys, objects } = value;
    if (objects !== undefined) {
      return readList(objects, `${path}objects`, readManual);
    }
    return keys === undefined
      ? [readManual(value, path)]
      : readList(keys, `${path}keys`, (key, place) => readManual({ bucket, key }, place));
  },
};

function readManual(object: unknown, path: string): EventRecord {
  const places = { bucket: `${path}bucket`, key: `${path}key` };
  const fields = fieldsOf(object);
  const modifiedAt = textOf(fields.lastModified);
  if (fields.lastModified !== undefined && Number.isNaN(Date.parse(modifiedAt ?? ''))) {
    return {
      kind: 'malformed',
      problem: `${path}lastModified: expected a time such as 2026-01-31T18:00:00Z`,
    };
  }
  return readObject(fields, places, { eventName: 'Manual', eventTime: modifiedAt ?? '', modifiedAt });
}

/** The options of an event: of a manual one, since no other has such fields. */
export function readManualOptions(event: unknown): {
  adHoc?: AdHocOutput | undefined;
  dryRun?: unknown;
  savedSince?: unknown;
} {
  const { style, target, dryRun, savedSince } = fieldsOf(event);
  const isAdHoc = style !== undefined || target !== undefined;
  return { dryRun, savedSince, adHoc: isAdHoc ? { style, target } : undefined };
}
