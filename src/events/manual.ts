import { fieldsOf, type JsonObject } from '../json.ts';
import { describe, type Envelope, type EventRecord } from './event-record.ts';

/** Fields beside the objects: an ad-hoc output in place of the rules, and whether only to plan. */
export const manualOptions = ['style', 'target', 'vary', 'dryRun'] as const;

const names = new Set<string>(['bucket', 'key', 'keys', 'objects', ...manualOptions]);

/**
 * Objects named by a person, a test in the console, or a CloudFlow step: `{bucket, key}`, `{bucket, keys}`,
 * or `{objects: [{bucket, key}, …]}`; each may state `size`, `contentType` and `eTag` where rules ask for them.
 */
export const manual: Envelope = {
  name: 'manual {"bucket": …, "key": …}, {"bucket": …, "keys": […]} or {"objects": [{"bucket": …, "key": …}]}',
  detect: (value) => 'objects' in value || ('bucket' in value && ('key' in value || 'keys' in value)),
  unwrap: (value, path) => {
    const unknown = Object.keys(value).find(
      (name) => !names.has(name) && !('key' in value && facts.has(name)),
    );
    if (unknown !== undefined) {
      return [{ kind: 'malformed', problem: `${path}${unknown}: no such field here` }];
    }
    const listed = listObjects(value);
    if (!Array.isArray(listed) || listed.length === 0) {
      return [{ kind: 'malformed', problem: `${path}expected objects, received ${describe(listed)}` }];
    }
    return listed.map((object, i) => readManual(object, 'key' in value ? path : `${path}objects[${i}].`));
  },
};

const facts = new Set(['size', 'contentType', 'eTag']);

function listObjects(value: JsonObject): unknown {
  if ('objects' in value) {
    return value.objects;
  }
  if ('keys' in value) {
    return Array.isArray(value.keys) ? value.keys.map((key) => ({ bucket: value.bucket, key })) : value.keys;
  }
  return [value];
}

function readManual(object: unknown, path: string): EventRecord {
  const { bucket, key, size, contentType, eTag } = fieldsOf(object);
  for (const [field, value] of Object.entries({ bucket, key })) {
    if (typeof value === 'string' && value !== '') {
      continue;
    }
    return { kind: 'malformed', problem: `${path}${field}: expected a text, received ${describe(value)}` };
  }
  return {
    kind: 'object',
    event: {
      bucket: String(bucket),
      key: String(key),
      eventName: 'Manual',
      eventTime: '',
      ...(typeof size === 'number' && { sizeBytes: size }),
      ...(typeof eTag === 'string' && { eTag: eTag.replaceAll('"', '') }),
      ...(typeof contentType === 'string' && { contentType }),
    },
  };
}
