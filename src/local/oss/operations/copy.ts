import { isDeepStrictEqual } from 'node:util';
import { checkConditions } from '../http/conditions.ts';
import { badRequest, refuseVersion } from '../http/errors.ts';
import { checkBucketName, checkKey, percentDecode } from '../http/names.ts';
import {
  digestHeaders,
  encryptionHeaders,
  keptHeaders,
  quotedETag,
  readProperties,
  xmlDate,
} from '../http/object-headers.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import type { Headers, OssRequest } from '../http/request.ts';
import type { ObjectMeta, ObjectProperties } from '../store/object.ts';
import { createObject, type Operation, type Service } from './operation.ts';
import { openObject } from './symlink.ts';

/**
 * Documented: OSS help "CopyObject": of a symbolic link, the link is copied. A copy onto itself only changes
 * metadata, unless class or encryption change (assumed: it keeps type and ETag). Other copies are Normal.
 */
export const copyObject: Operation = async (service, request) => {
  const { store } = service;
  const { bucket, key } = readCopySource(request.headers);
  const isLink = store.meta(bucket, key).type === 'Symlink';
  const source = await (isLink ? store.open(bucket, key) : openObject(store, bucket, key));
  try {
    checkConditions(request.headers, source.meta, 'x-oss-copy-source-');
    const isOntoItself = bucket === request.bucket && key === request.key;
    const copy = describeCopy(service, request, source.meta, isOntoItself);
    const meta = await createObject(service, request, 'ObjectCreated:CopyObject', {
      ...copy,
      source: source.stream(),
      guard: (previous) => {
        if (isOntoItself && previous !== source.meta) {
          throw overtaken;
        }
      },
    });
    return copyReply('CopyObjectResult', meta);
  } catch (error) {
    if (error === overtaken) {
      return copyObject(service, request);
    }
    throw error;
  } finally {
    source.close();
  }
};

/** The object copied onto itself was replaced: OSS only changes metadata, so the new bytes must stay. */
const overtaken = new Error('The object was replaced meanwhile.');

function describeCopy({ store }: Service, request: OssRequest, source: ObjectMeta, isOntoItself: boolean) {
  const properties = copiedProperties(request.headers, source, isOntoItself);
  const { storageClass = store.bucket(request.bucket).settings.storageClass } = properties;
  const { type, eTag, symlinkTarget, contentMd5 } = source;
  const isStoredAlike =
    (source.storageClass ?? 'Standard') === storageClass &&
    isDeepStrictEqual(encryptionHeaders(source), encryptionHeaders(properties));
  return {
    ...properties,
    storageClass,
    ...(isOntoItself && isStoredAlike && { type, eTag, keepsMd5: contentMd5 !== undefined }),
    ...(type === 'Symlink' && { type, symlinkTarget }),
  };
}

/** The answer to a copy of an object or of a part. */
export function copyReply(rootName: string, meta: ObjectMeta, headers: Reply['headers'] = {}): Reply {
  // Content-MD5 would be that of the answer, not of the copy.
  const { 'content-md5': _, ...digests } = digestHeaders(meta);
  const result = { ETag: quotedETag(meta), LastModified: xmlDate(meta.lastModifiedMs) };
  return xmlReply({ [rootName]: result }, { ...digests, ...headers });
}

/** Reads the object named by `/{bucket}/{key}`; ali-oss also encodes the slashes in the key. */
export function readCopySource(headers: Headers) {
  const [, bucket, rawKey, version = 'null'] =
    /^\/?([^/]+)\/([^?]+)(?:\?versionId=(.*))?$/.exec(headers.get('x-oss-copy-source') ?? '') ?? [];
  if (bucket === undefined) {
    const message = 'Copy Source must mention the source bucket and key: /sourcebucket/sourcekey';
    throw badRequest('InvalidArgument', message);
  }
  refuseVersion(version);
  const key = checkKey(percentDecode(rawKey ?? ''));
  return { bucket: checkBucketName(bucket), key };
}

/**
 * Metadata and tags are the source's unless a directive says REPLACE; ACL, storage class and encryption are
 * never copied. A copy onto itself uses the request's (documented: OSS help "CopyObject"). Replacing keeps
 * the type unless one is sent, and what an encrypting client needs (live tests of aliyun-oss-python-sdk).
 */
function copiedProperties(headers: Headers, source: ObjectProperties, isOntoItself: boolean) {
  const own = readProperties(headers);
  const isReplaced = isReplacing(headers.get('x-oss-metadata-directive')) || isOntoItself;
  const copied = isReplaced
    ? /^(content-type|x-oss-meta-client-side-encryption-.*)$/
    : /^(?!x-oss-server-side-)/;
  return {
    ...own,
    headers: {
      ...Object.fromEntries(Object.entries(source.headers).filter(([name]) => copied.test(name))),
      ...(isReplaced && keptHeaders(headers)),
      ...encryptionHeaders(own),
    },
    tags: isReplacing(headers.get('x-oss-tagging-directive')) ? own.tags : source.tags,
  };
}

function isReplacing(directive = 'COPY'): boolean {
  if (!/^(copy|replace)$/i.test(directive)) {
    throw badRequest('InvalidArgument', `Unknown directive: ${directive}`);
  }
  return directive.toLowerCase() === 'replace';
}
