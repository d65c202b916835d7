import type { OssObject } from '../../../process.ts';
import { objectHeaders } from '../../oss/http/object-headers.ts';
import type { BucketStore } from '../../oss/operations/operation.ts';
import { listPage } from '../../oss/store/listing.ts';
import type { ObjectMeta } from '../../oss/store/object.ts';
import type { ObjectDetails, ObjectPage, ObjectSummary } from '../wire.ts';
import { measureObject } from './pictures.ts';

const pageSize = 1000;

/** One page of a bucket's objects, in the order of their keys. */
export function pageOfObjects(store: BucketStore, bucket: string, prefix: string, after: string): ObjectPage {
  const { keys, objects } = store.bucket(bucket);
  const page = listPage(keys, { prefix, after, delimiter: '', maxKeys: pageSize });
  const found = page.keys.flatMap((key) => objects.get(key) ?? []);
  return { objects: found.map((meta) => describeObject(bucket, meta)), next: page.next };
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
