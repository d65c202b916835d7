import { parseTagging } from '../operations/tagging.ts';
import type { ObjectMeta, ObjectProperties } from '../store/object-file.ts';

type Headers = ReadonlyMap<string, string>;

const kept =
  /^(content-type|cache-control|content-disposition|content-encoding|content-language|expires|x-oss-meta-.+)$/;

/**
 * What an upload's headers say of the object to be (documented: OSS help "PutObject"): Content-Type is
 * application/octet-stream unless given. Throws InvalidTag.
 */
export function readProperties(headers: Headers): ObjectProperties {
  const [acl, storageClass] = [headers.get('x-oss-object-acl'), headers.get('x-oss-storage-class')];
  const tagging = headers.get('x-oss-tagging');
  const named = [...headers].filter(([name]) => kept.test(name));
  return {
    headers: { 'content-type': 'application/octet-stream', ...Object.fromEntries(named) },
    ...(acl !== undefined && { acl }),
    ...(storageClass !== undefined && { storageClass }),
    ...(tagging !== undefined && { tags: parseTagging(tagging) }),
  };
}

/** Headers of an object as HeadObject and GetObject answer them. */
export function objectHeaders(meta: ObjectMeta): Record<string, string> {
  return {
    ...meta.headers,
    ...digestHeaders(meta),
    'accept-ranges': 'bytes',
    'content-length': String(meta.sizeBytes),
    'last-modified': httpDate(meta.lastModifiedMs),
    'x-oss-object-type': meta.type ?? 'Normal',
    'x-oss-storage-class': meta.storageClass ?? 'Standard',
    ...(meta.type === 'Appendable' && { 'x-oss-next-append-position': String(meta.sizeBytes) }),
    ...(meta.tags?.length && { 'x-oss-tagging-count': String(meta.tags.length) }),
  };
}

/** ETag, CRC-64 and, where the ETag is one, the MD5: of an object, a part, or what was just written. */
export function digestHeaders({ eTag, crc64 }: ObjectMeta): Record<string, string> {
  return {
    etag: `"${eTag}"`,
    ...(crc64 !== undefined && { 'x-oss-hash-crc64ecma': crc64 }),
    ...(/^[0-9A-F]{32}$/.test(eTag) && { 'content-md5': Buffer.from(eTag, 'hex').toString('base64') }),
  };
}

export function httpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString();
}
