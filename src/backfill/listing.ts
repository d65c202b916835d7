import { listPages } from '../objects/list-objects.ts';
import type { Call } from '../oss/call.ts';
import { formatObject } from '../pipeline/result.ts';
import type { BucketPrefix } from './prefixes.ts';
import { digestOf, eventNameOf, type Source } from './source.ts';

/** Lists the objects under each of the prefixes in the order of their keys, a thousand at a time. */
export function listingSource(places: readonly BucketPrefix[], call: Call): Source {
  const name = places.map(({ bucket, prefix }) => formatObject({ bucket, key: prefix })).join(', ');
  return {
    name,
    fingerprint: digestOf(name),
    async *read(behind) {
      for (const [part, place] of places.entries()) {
        if (part >= (behind?.part ?? 0)) {
          const startAfter = part === behind?.part ? String(behind.after) : undefined;
          for await (const objects of listPages(call, { ...place, startAfter })) {
            yield* objects.map(({ lastModified, type, ...object }) => ({
              object: {
                ...object,
                bucket: place.bucket,
                eventName: eventNameOf(type),
                modifiedAt: lastModified.toISOString(),
              },
              position: { part, after: object.key },
            }));
          }
        }
      }
    },
  };
}
