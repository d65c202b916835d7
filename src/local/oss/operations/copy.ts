import { checkConditions, readRange } from '../http/conditions.ts';
import { badRequest } from '../http/errors.ts';
import { checkBucketName, checkKey } from '../http/names.ts';
import { digestHeaders, readProperties } from '../http/object-headers.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import { percentDecode } from '../http/request.ts';
import type { ObjectMeta, ObjectProperties } from '../store/object-file.ts';
import { createObject, isOverwriteForbidden, type OperationContext } from './operation.ts';
import { describeObject, readObject } from './symlink.ts';

/** Documented: OSS help "CopyObject". A copy is a Normal object, whatever its source was, with the digests of its bytes. */
export async function copyObject(context: OperationContext): Promise<Reply> {
  const { request, store } = context;
  const { bucket, key, headers } = request;
  store.bucket(bucket);
  const source = findCopySource(context);
  const meta = await createObject(context, 'ObjectCreated:CopyObject', {
    bucket,
    key,
    source: readObject(store, source),
    isOverwriteForbidden: isOverwriteForbidden(headers),
    ...copiedProperties(headers, source.meta),
  });
  return copyReply('CopyObjectResult', meta);
}

export function copyReply(rootName: string, meta: ObjectMeta): Reply {
  const digests = digestHeaders(meta);
  const lastModified = new Date(meta.lastModifiedMs).toISOString();
  const reply = xmlReply({ [rootName]: { ETag: digests.etag, LastModified: lastModified } });
  // Content-MD5 would be of the answer, not of the copy.
  const { 'content-md5': _, ...headers } = { ...digests, ...reply.headers };
  return { ...reply, headers };
}

/** What `x-oss-copy-source` names, with its conditions checked. */
export function findCopySource({ request, store }: OperationContext) {
  const { bucket, key } = readCopySource(request.headers.get('x-oss-copy-source') ?? '');
  const meta = describeObject(store, bucket, key);
  checkConditions(request.headers, meta, 'x-oss-copy-source-');
  return { bucket, key, meta };
}

/** The bytes that `x-oss-copy-source-range` picks; all of them without it. */
export function readCopyRange(headers: ReadonlyMap<string, string>, sizeBytes: number) {
  const range = headers.get('x-oss-copy-source-range');
  if (range === undefined) {
    return { start: 0, end: sizeBytes - 1 };
  }
  const strict = new Map([
    ['range', range],
    ['x-oss-range-behavior', 'standard'],
  ]);
  const picked = readRange(strict, sizeBytes);
  if (picked === undefined) {
    throw badRequest('InvalidArgument', `Invalid copy source range: ${range}`);
  }
  return picked;
}

/** `/{bucket}/{key}`, percent-encoded; ali-oss encodes the slashes of the key too. */
function readCopySource(text: string): { bucket: string; key: string } {
  const [, bucket, key] = /^\/?([^/]+)\/([^?]+)$/.exec(percentDecode(text) === undefined ? '' : text) ?? [];
  if (bucket === undefined || key === undefined) {
    throw badRequest(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: /sourcebucket/sourcekey',
    );
  }
  return { bucket: checkBucketName(bucket), key: checkKey(percentDecode(key)) };
}

/** Metadata and tags are the source's unless a directive says REPLACE; ACL and storage class are never copied. */
function copiedProperties(headers: ReadonlyMap<string, string>, source: ObjectProperties): ObjectProperties {
  const { headers: ownHeaders, tags: ownTags, ...rest } = readProperties(headers);
  const tags = isReplaced(headers.get('x-oss-tagging-directive')) ? ownTags : source.tags;
  const isReplacing = isReplaced(headers.get('x-oss-metadata-directive'));
  return {
    ...rest,
    headers: isReplacing ? ownHeaders : source.headers,
    ...(tags !== undefined && { tags }),
  };
}

function isReplaced(directive = 'COPY'): boolean {
  if (/^(copy|replace)$/i.test(directive)) {
    return directive.toLowerCase() === 'replace';
  }
  throw badRequest('InvalidArgument', `Unknown directive: ${directive}`);
}
