import { badRequest, notFound } from '../http/errors.ts';
import { checkKey } from '../http/names.ts';
import { digestHeaders, readProperties } from '../http/object-headers.ts';
import type { Reply } from '../http/reply.ts';
import { percentDecode } from '../http/request.ts';
import type { ObjectMeta, OpenObject } from '../store/object-file.ts';
import type { Store } from '../store/store.ts';
import { createObject, isOverwriteForbidden, type OperationContext } from './operation.ts';

/** `x-oss-symlink-target` is the percent-encoded key of an object of the same bucket (documented: OSS help "PutSymlink"). */
export async function putSymlink(context: OperationContext): Promise<Reply> {
  const { bucket, key, headers } = context.request;
  const target = headers.get('x-oss-symlink-target') ?? '';
  const meta = await createObject(context, 'ObjectCreated:PutSymlink', {
    bucket,
    key,
    source: [],
    isOverwriteForbidden: isOverwriteForbidden(headers),
    ...readProperties(headers),
    type: 'Symlink',
    symlinkTarget: checkKey(percentDecode(target)),
  });
  return { statusCode: 200, headers: digestHeaders(meta) };
}

export function getSymlink({ request, store }: OperationContext): Reply {
  const { symlinkTarget, ...meta } = store.meta(request.bucket, request.key);
  if (symlinkTarget === undefined) {
    throw badRequest('NotSymlink', 'The object is not a symbolic link.');
  }
  const target = encodeURIComponent(symlinkTarget).replaceAll('%2F', '/');
  return { statusCode: 200, headers: { ...digestHeaders(meta), 'x-oss-symlink-target': target } };
}

/**
 * What HeadObject says of an object; of a symbolic link its own properties with size, digests and, where later, date of
 * its target (documented: OSS help "HeadObject"). Throws NoSuchKey, SymlinkTargetNotExist, InvalidTargetType.
 */
export function describeObject(store: Store, bucket: string, key: string): ObjectMeta {
  const link = store.meta(bucket, key);
  return link.symlinkTarget === undefined
    ? link
    : describeLink(link, store.meta(bucket, targetOf(store, bucket, link)));
}

/** Opens an object, or what a symbolic link leads to. */
export async function openObject(store: Store, bucket: string, key: string): Promise<OpenObject> {
  const link = store.meta(bucket, key);
  if (link.symlinkTarget === undefined) {
    return store.open(bucket, key);
  }
  const target = await store.open(bucket, targetOf(store, bucket, link));
  return { ...target, meta: describeLink(link, target.meta) };
}

/** The bytes of an object, or of what a symbolic link leads to; it is opened when the first are asked for. */
export async function* readObject(
  store: Store,
  { bucket, key, start, end }: { bucket: string; key: string; start?: number; end?: number },
): AsyncGenerator<Uint8Array> {
  yield* (await openObject(store, bucket, key)).stream(start, end);
}

function describeLink(link: ObjectMeta, { sizeBytes, eTag, crc64, lastModifiedMs }: ObjectMeta): ObjectMeta {
  const latestMs = Math.max(link.lastModifiedMs, lastModifiedMs);
  return { ...link, sizeBytes, eTag, ...(crc64 !== undefined && { crc64 }), lastModifiedMs: latestMs };
}

function targetOf(store: Store, bucket: string, { symlinkTarget = '' }: ObjectMeta): string {
  const target = store.bucket(bucket).objects.get(symlinkTarget);
  if (target === undefined) {
    throw notFound('SymlinkTargetNotExist', 'The target of the symbolic link does not exist.', undefined, {
      Key: symlinkTarget,
    });
  }
  if (target.type === 'Symlink') {
    throw badRequest('InvalidTargetType', 'A symbolic link cannot lead to another one.');
  }
  return symlinkTarget;
}
