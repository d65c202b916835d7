import { fieldsOf, textOf } from '../json.ts';
import { describe, type Envelope, readList, readObject } from './envelopes.ts';
import { EventError, type EventRecord } from './object-event.ts';

/** An output that a manual event names in place of the rules, as it came. */
export interface AdHocOutput {
  style: unknown;
  target: unknown;
}

export interface ManualOptions {
  adHoc?: AdHocOutput | undefined;
  /** Outputs are only planned. */
  dryRun: boolean;
  /** Epoch ms: outputs that were saved since then are left as they are. */
  savedSince?: number | undefined;
}

/** Fields beside the objects: an ad-hoc output, whether only to plan, and what need not be made again. */
const manualOptions = ['style', 'target', 'dryRun', 'savedSince'];
const exampleTime = 'a time such as 2026-01-31T18:00:00Z';
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
    return { kind: 'malformed', problem: `${path}lastModified: expected ${exampleTime}` };
  }
  return readObject(fields, places, { eventName: 'Manual', eventTime: modifiedAt ?? '', modifiedAt });
}

/** Reads the options of an event; none but a manual one has any. Throws EventError where one is wrong. */
export function readManualOptions(event: unknown): ManualOptions {
  const { style, target, dryRun = false, savedSince } = fieldsOf(event);
  if (typeof dryRun !== 'boolean') {
    throw new EventError(`dryRun: expected true or false, received ${describe(dryRun)}.`);
  }
  const sinceMs = savedSince === undefined ? undefined : Date.parse(String(savedSince));
  if (Number.isNaN(sinceMs)) {
    throw new EventError(`savedSince: expected ${exampleTime}, received ${describe(savedSince)}.`);
  }
  return {
    dryRun,
    adHoc: style === undefined && target === undefined ? undefined : { style, target },
    // Objects tell in whole seconds when they were written.
    savedSince: sinceMs && Math.floor(sinceMs / 1_000) * 1_000,
  };
}
