import { checkConditions } from '../http/conditions.ts';
import { badRequest, refuseVersion } from '../http/errors.ts';
import { checkBucketName, checkKey, percentDecode } from '../http/names.ts';
import { digestHeaders, keptHeaders, quotedETag, readProperties, xmlDate } from '../http/object-headers.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import type { Headers, OssRequest } from '../http/request.ts';
import type { ObjectMeta, ObjectProperties } from '../store/object.ts';
import { createObject, type Operation, type Service } from './operation.ts';
import { describeObject, readObject } from './symlink.ts';

/** Documented: OSS help "CopyObject". A copy is a Normal object, whatever its source was, with the digests of its bytes. */
export const copyObject: Operation = async (service, request) => {
  const { bucket, key, meta: source } = findCopySource(service, request);
  const meta = await createObject(service, request, 'ObjectCreated:CopyObject', {
    source: readObject(service.store, bucket, key),
    ...copiedProperties(request.headers, source, bucket === request.bucket && key === request.key),
  });
  return copyReply('CopyObjectResult', meta);
};

/** The answer to a copy, of an object or of a part. */
export function copyReply(rootName: string, meta: ObjectMeta, headers: Reply['headers'] = {}): Reply {
  // Content-MD5 would be of the answer, not of the copy.
  const { 'content-md5': _, ...digests } = digestHeaders(meta);
  return xmlReply(
    { [rootName]: { ETag: quotedETag(meta), LastModified: xmlDate(meta.lastModifiedMs) } },
    { ...digests, ...headers },
  );
}

/** Finds the object that `x-oss-copy-source` names (`/{bucket}/{key}`; ali-oss encodes slashes too, Go's clients write a space as `+`), and checks its conditions. */
export function findCopySource({ store }: Service, { headers }: OssRequest) {
  const [, bucket, rawKey, version = 'null'] =
    /^\/?([^/]+)\/([^?]+)(?:\?versionId=(.*))?$/.exec(headers.get('x-oss-copy-source') ?? '') ?? [];
  if (bucket === undefined) {
    const message = 'Copy Source must mention the source bucket and key: /sourcebucket/sourcekey';
    throw badRequest('InvalidArgument', message);
  }
  refuseVersion(version);
  const key = checkKey(percentDecode((rawKey ?? '').replaceAll('+', ' ')));
  const meta = describeObject(store, checkBucketName(bucket), key);
  checkConditions(headers, meta, 'x-oss-copy-source-');
  return { bucket, key, meta };
}

/**
 * Metadata and tags are the source's unless a directive says REPLACE; ACL and storage class are never copied. An object
 * copied onto itself is always given the request's (documented: OSS help "CopyObject"). What replaces keeps the content
 * type unless it sends one, and what an encrypting client needs (live tests of aliyun-oss-python-sdk).
 */
function copiedProperties(headers: Headers, source: ObjectProperties, isOntoItself: boolean) {
  const own = readProperties(headers);
  const needed = Object.entries(source.headers).filter(([name]) =>
    /^(content-type|x-oss-meta-client-side-encryption-.*)$/.test(name),
  );
  const isReplaced = isReplacing(headers.get('x-oss-metadata-directive')) || isOntoItself;
  return {
    ...own,
    headers: isReplaced ? { ...Object.fromEntries(needed), ...keptHeaders(headers) } : source.headers,
    tags: isReplacing(headers.get('x-oss-tagging-directive')) ? own.tags : source.tags,
  };
}

function isReplacing(directive = 'COPY'): boolean {
  if (!/^(copy|replace)$/i.test(directive)) {
    throw badRequest('InvalidArgument', `Unknown directive: ${directive}`);
  }
  return directive.toLowerCase() === 'replace';
}
