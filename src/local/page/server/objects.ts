import type { OssObject } from '../../../process.ts';
import { objectHeaders } from '../../oss/http/object-headers.ts';
import type { BucketStore } from '../../oss/operations/operation.ts';
import { listPage } from '../../oss/store/listing.ts';
import type { ObjectMeta } from '../../oss/store/object.ts';
import { isPicture, type ObjectDetails, type ObjectPage, type ObjectSummary } from '../wire.ts';
import { measureObject } from './pictures.ts';

const pageSize = 1000;

/** One page of a bucket's objects, in the order of their keys. */
export function pageOfObjects(store: BucketStore, bucket: string, prefix: string, after: string): ObjectPage {
  const { keys, objects } = store.bucket(bucket);
  const page = listPage(keys, { prefix, after, delimiter: '', maxKeys: pageSize });
  const found = page.keys.flatMap((key) => objects.get(key) ?? []);
  return { objects: found.map((meta) => describeObject(bucket, meta)), next: page.next };
}

/** So many are offered to try a style on; others are chosen in Browse. */
const offered = 24;

/** The newest pictures under a prefix. */
export function newestPictures(store: BucketStore, bucket: string, prefix: string): ObjectSummary[] {
  return [...store.bucket(bucket).objects.values()]
    .map((meta) => describeObject(bucket, meta))
    .filter(({ key, contentType }) => key.startsWith(prefix) && isPicture(contentType))
    .sort((one, other) => other.lastModifiedMs - one.lastModifiedMs)
    .slice(0, offered);
}

/** Everything known of one object. */
export async function detailsOf(store: BucketStore, { bucket, key }: OssObject): Promise<ObjectDetails> {
  const meta = store.meta(bucket, key);
  const picture = await measureObject(store, { bucket, key });
  return { ...describeObject(bucket, meta), headers: objectHeaders(meta), picture };
}

function describeObject(
  bucket: string,
  { key, sizeBytes, eTag, headers, lastModifiedMs }: ObjectMeta,
): ObjectSummary {
  return { bucket, key, sizeBytes, eTag, contentType: headers['content-type'] ?? '', lastModifiedMs };
}
