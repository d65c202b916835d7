import type { OssObject } from '../../../process.ts';
import { objectHeaders } from '../../oss/http/object-headers.ts';
import type { BucketStore } from '../../oss/operations/operation.ts';
import { listPage } from '../../oss/store/listing.ts';
import type { ObjectMeta } from '../../oss/store/object.ts';
import { type Folder, isPicture, type ObjectDetails, type ObjectList, type ObjectSummary } from '../wire.ts';
import { measureObject } from './pictures.ts';

const pageSize = 1000;

/** The first pages of a bucket's objects, sorted by key. */
export function firstObjects(store: BucketStore, { bucket, prefix }: Folder, pages: number): ObjectList {
  const { keys, objects } = store.bucket(bucket);
  const page = listPage(keys, { prefix, after: '', delimiter: '', maxKeys: pages * pageSize });
  const found = page.keys.flatMap((key) => objects.get(key) ?? []);
  return { objects: found.map((meta) => describeObject(bucket, meta)), isTruncated: page.next !== undefined };
}

/** At most this many are offered for trying a style; Browse offers the others. */
const maxPictures = 24;

/** The newest pictures under a prefix. */
export function newestPictures(store: BucketStore, { bucket, prefix }: Folder): ObjectSummary[] {
  return [...store.bucket(bucket).objects.values()]
    .map((meta) => describeObject(bucket, meta))
    .filter(({ key, contentType }) => key.startsWith(prefix) && isPicture(contentType))
    .sort((one, other) => other.lastModifiedMs - one.lastModifiedMs)
    .slice(0, maxPictures);
}

/** The object's entry in a list, if it exists. */
export function summaryOf(store: BucketStore, { bucket, key }: OssObject): ObjectSummary | undefined {
  const meta = store.has(bucket) ? store.bucket(bucket).objects.get(key) : undefined;
  return meta && describeObject(bucket, meta);
}

/** Everything known about one object, if it exists. */
export async function detailsOf(store: BucketStore, object: OssObject): Promise<ObjectDetails | undefined> {
  const summary = summaryOf(store, object);
  if (summary === undefined) {
    return undefined;
  }
  const headers = objectHeaders(store.meta(object.bucket, object.key));
  return { ...summary, headers, picture: await measureObject(store, object) };
}

function describeObject(
  bucket: string,
  { key, sizeBytes, eTag, headers, lastModifiedMs }: ObjectMeta,
): ObjectSummary {
  return { bucket, key, sizeBytes, eTag, contentType: headers['content-type'] ?? '', lastModifiedMs };
}
