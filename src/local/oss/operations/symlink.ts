import { encodePath } from '../../../oss/encode.ts';
import { badRequest, forbidden, notFound } from '../http/errors.ts';
import { checkKey, percentDecode } from '../http/names.ts';
import { digestHeaders, readProperties } from '../http/object-headers.ts';
import type { ObjectMeta, StoredObject } from '../store/object.ts';
import { type BucketStore, createObject, type Operation } from './operation.ts';

/** The target is percent-encoded (documented: OSS help "PutSymlink"). */
export const putSymlink: Operation = async (service, request) => {
  const target = request.headers.get('x-oss-symlink-target') ?? '';
  const meta = await createObject(service, request, 'ObjectCreated:PutSymlink', {
    ...readProperties(request.headers),
    source: [],
    type: 'Symlink',
    symlinkTarget: checkKey(percentDecode(target)),
  });
  return { statusCode: 200, headers: digestHeaders(meta) };
};

/** Returns where a link leads; throws NotSymlink for other objects (documented: OSS help "GetSymlink"). */
export const getSymlink: Operation = ({ store }, { bucket, key }) => {
  const meta = store.meta(bucket, key);
  if (meta.symlinkTarget === undefined) {
    throw badRequest('NotSymlink', 'The object is not symlink.');
  }
  const link = { 'x-oss-symlink-target': encodePath(meta.symlinkTarget) };
  // Also its own type and metadata (live test of aliyun-oss-java-sdk).
  return { statusCode: 200, headers: { ...meta.headers, ...digestHeaders(meta), ...link } };
};

/**
 * Describes an object like HeadObject: a symbolic link with its target's size and digests, and its date if
 * later (documented: OSS help "HeadObject"). Throws NoSuchKey, SymlinkTargetNotExist, InvalidTargetType.
 */
export function describeObject(store: BucketStore, bucket: string, key: string): ObjectMeta {
  const meta = store.meta(bucket, key);
  return describeLink(meta, linkedObject(store, bucket, meta));
}

/** Opens an object, or the target of a symbolic link. */
export async function openObject(store: BucketStore, bucket: string, key: string): Promise<StoredObject> {
  const meta = store.meta(bucket, key);
  const target = linkedObject(store, bucket, meta);
  if (target.storageClass?.endsWith('Archive')) {
    // OSS would have to restore it first (documented: EC page 0016-00000404).
    const message = "The operation is not valid for the object's state";
    throw forbidden('InvalidObjectState', message, { ec: '0016-00000404' });
  }
  const object = await store.open(bucket, target.key);
  return target === meta ? object : { ...object, meta: describeLink(meta, object.meta) };
}

function describeLink(link: ObjectMeta, { sizeBytes, eTag, crc64, lastModifiedMs }: ObjectMeta): ObjectMeta {
  const latestMs = Math.max(link.lastModifiedMs, lastModifiedMs);
  return { ...link, sizeBytes, eTag, crc64, lastModifiedMs: latestMs };
}

/** The object that a symbolic link leads to; any other object leads to itself. */
function linkedObject(store: BucketStore, bucket: string, meta: ObjectMeta): ObjectMeta {
  const { symlinkTarget } = meta;
  if (symlinkTarget === undefined) {
    return meta;
  }
  const target = store.bucket(bucket).objects.get(symlinkTarget);
  if (target === undefined) {
    const message = 'The symlink target object does not exist';
    throw notFound('SymlinkTargetNotExist', message, { extra: { Key: symlinkTarget } });
  }
  if (target.type === 'Symlink') {
    throw badRequest('InvalidTargetType', "The symbolic's target file type is invalid.");
  }
  return target;
}
