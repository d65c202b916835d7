import { type ListedObject, listObjectsV2 } from '../objects/list-objects.ts';
import type { Call } from '../oss/call.ts';
import { formatObject } from '../pipeline/result.ts';
import type { BucketPrefix } from './prefixes.ts';
import type { ExistingObject, Source } from './source.ts';

/** The objects that OSS lists under each of the prefixes, a thousand at a time, in the order of their keys. */
export function listingSource(places: readonly BucketPrefix[], call: Call): Source {
  return {
    name: places.map(({ bucket, prefix }) => formatObject({ bucket, key: prefix })).join(', '),
    fingerprint: '',
    async *read(behind) {
      for (const [part, place] of places.entries()) {
        if (part >= (behind?.part ?? 0)) {
          const startAfter = part === behind?.part ? String(behind.after) : undefined;
          for await (const object of listAll(place, startAfter, call)) {
            yield { object: toStored(place.bucket, object), position: { part, after: object.key } };
          }
        }
      }
    },
  };
}

async function* listAll(place: BucketPrefix, startAfter: string | undefined, call: Call) {
  let continuationToken: string | undefined;
  do {
    const start = continuationToken === undefined ? { startAfter } : { continuationToken };
    const page = await listObjectsV2(call, { ...place, ...start, maxKeys: 1_000 });
    yield* page.objects;
    continuationToken = page.nextContinuationToken;
  } while (continuationToken !== undefined);
}

function toStored(bucket: string, object: ListedObject): ExistingObject {
  const { key, sizeBytes, eTag, lastModified, storageClass, type } = object;
  const isSymlink = type === 'Symlink';
  return { bucket, key, sizeBytes, eTag, lastModified: lastModified.toISOString(), storageClass, isSymlink };
}
