import { type ListedObject, listPages } from '../objects/list-objects.ts';
import type { Call } from '../oss/call.ts';
import { formatObject } from '../pipeline/result.ts';
import type { BucketPrefix } from './prefixes.ts';
import { type ExistingObject, eventNameOf, type Source } from './source.ts';

/** The objects that OSS lists under each of the prefixes, a thousand at a time, in the order of their keys. */
export function listingSource(places: readonly BucketPrefix[], call: Call): Source {
  return {
    name: places.map(({ bucket, prefix }) => formatObject({ bucket, key: prefix })).join(', '),
    fingerprint: '',
    async *read(behind) {
      for (const [part, place] of places.entries()) {
        if (part >= (behind?.part ?? 0)) {
          const startAfter = part === behind?.part ? String(behind.after) : undefined;
          for await (const objects of listPages(call, { ...place, startAfter })) {
            yield* objects.map((object) => ({
              object: toExisting(place.bucket, object),
              position: { part, after: object.key },
            }));
          }
        }
      }
    },
  };
}

function toExisting(bucket: string, object: ListedObject): ExistingObject {
  const { key, sizeBytes, eTag, lastModified, storageClass, type } = object;
  const eventName = eventNameOf(type);
  return { bucket, key, eventName, sizeBytes, eTag, modifiedAt: lastModified.toISOString(), storageClass };
}
