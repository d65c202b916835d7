import type { ObjectMeta, ObjectProperties, ObjectTag } from '../store/object.ts';
import { badRequest } from './errors.ts';
import type { Headers } from './request.ts';

const kept = /^(content-(type|disposition|encoding|language)|cache-control|expires)$/;
const keptOfOss = /^x-oss-(meta|server-side)-[\w!#$%&'*+.^`|~-]+$/;

/** Converts a text to a header value: one character per byte, without those that would end the header. */
export function headerValue(text: string): string {
  return Buffer.from(text.replace(/[^\P{Cc}\t]/gu, '')).toString('latin1');
}

/** The headers of an upload that are stored with the object. */
export function keptHeaders(headers: Headers): Record<string, string> {
  const isKept = ([name, value]: [string, string]) => keptOfOss.test(name) || (value && kept.test(name));
  return Object.fromEntries([...headers].filter(isKept));
}

/**
 * Reads an object's properties from the headers of its upload (documented: OSS help "PutObject"). The default
 * Content-Type is application/octet-stream. Throws for a wrong tag, ACL, class or encryption.
 */
export function readProperties(headers: Headers): ObjectProperties {
  const encryption = headers.get('x-oss-server-side-encryption') ?? 'AES256';
  if (!['AES256', 'KMS', 'SM4'].includes(encryption)) {
    const message = `The encryption method is not supported: ${encryption}`;
    throw badRequest('InvalidEncryptionAlgorithmError', message);
  }
  if ((headers.get('x-oss-server-side-data-encryption') ?? 'SM4') !== 'SM4') {
    const message = 'The KMS Data Encryption request you specified is not valid. Supported value:SM4';
    throw badRequest('InvalidDataEncryptionAlgorithmError', message);
  }
  const userMetadata = [...headers].filter(([name]) => name.startsWith('x-oss-meta-')).flat();
  if (userMetadata.join('').length > 8192) {
    const message = 'The user metadata has more than 8 KB, names included.';
    throw badRequest('InvalidArgument', message, { ec: '0011-00000002' }); // The code is assumed.
  }
  return {
    headers: {
      'content-type': 'application/octet-stream',
      // OSS uses its own key if the request names none (live test of alibabacloud-oss-go-sdk-v2).
      ...(encryption === 'KMS' && { 'x-oss-server-side-encryption-key-id': 'local' }),
      ...keptHeaders(headers),
    },
    acl: readAcl(headers, 'x-oss-object-acl'),
    storageClass: checkStorageClass(headers.get('x-oss-storage-class')),
    tags: parseTagging(headers.get('x-oss-tagging') ?? ''),
  };
}

/** `x-oss-tagging`: `key=value&key=value`, encoded as in a form. */
function parseTagging(text: string): ObjectTag[] {
  const tags = [...new URLSearchParams(text)].map(([key, value]) => ({ key, value }));
  if (hasTwins(tags)) {
    const form = 'encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates';
    throw badRequest('InvalidArgument', `The header 'x-oss-tagging' shall be ${form}.`);
  }
  return checkTags(tags);
}

/**
 * Documented in OSS help "Object tagging": 10 tags, keys of 1 to 128 characters, each once, and values of up
 * to 256. The codes are those of live tests of aliyun-oss-cpp-sdk.
 */
export function checkTags(tags: ObjectTag[]): ObjectTag[] {
  if (tags.length > 10) {
    throw badRequest('BadRequest', 'Object tags cannot be greater than 10');
  }
  if (hasTwins(tags)) {
    throw badRequest('InvalidTag', 'Cannot provide multiple Tags with the same key');
  }
  for (const { key, value } of tags) {
    if (!/^[\p{L}\p{N} +\-=._:/]{1,128}$/u.test(key)) {
      throw badRequest('InvalidTag', 'The TagKey you have provided is invalid.');
    }
    if (!/^[\p{L}\p{N} +\-=._:/]{0,256}$/u.test(value)) {
      throw badRequest('InvalidTag', 'The TagValue you have provided is invalid.');
    }
  }
  return tags;
}

function hasTwins(tags: readonly ObjectTag[]): boolean {
  return new Set(tags.map(({ key }) => key)).size < tags.length;
}

/** The ACL in a header. Empty is none (live test of aliyun-oss-java-sdk); `default` is only for objects. */
export function readAcl(headers: Headers, name: 'x-oss-acl' | 'x-oss-object-acl'): string | undefined {
  const acl = headers.get(name) || undefined;
  const isAcl = /^(private|public-read|public-read-write)$/.test(acl ?? 'private');
  if (isAcl || (acl === 'default' && name === 'x-oss-object-acl')) {
    return acl;
  }
  throw badRequest('InvalidArgument', `The ACL is not valid: ${acl}`);
}

export const storageClasses = ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'];

/** Returns the name of a storage class, if given; throws InvalidArgument for any other name. */
export function checkStorageClass(name: string | undefined): string | undefined {
  if (name !== undefined && !storageClasses.includes(name)) {
    throw badRequest('InvalidArgument', `The storage class is not valid: ${name}`);
  }
  return name;
}

/** The headers of an object in the answers of HeadObject and GetObject. */
export function objectHeaders(meta: ObjectMeta): Record<string, string> {
  const { type = 'Normal', storageClass = 'Standard', tags = [] } = meta;
  const sizeBytes = String(meta.sizeBytes);
  return {
    ...meta.headers,
    ...digestHeaders(meta),
    'accept-ranges': 'bytes',
    'content-length': sizeBytes,
    'last-modified': httpDate(meta.lastModifiedMs),
    'x-oss-object-type': type,
    'x-oss-storage-class': storageClass,
    ...(type === 'Appendable' && { 'x-oss-next-append-position': sizeBytes }),
    ...(tags.length > 0 && { 'x-oss-tagging-count': String(tags.length) }),
  };
}

/** ETag, CRC-64, MD5 (if known) and encryption of an object, a part, or what was just written. */
export function digestHeaders(meta: ObjectMeta): Record<string, string> {
  const { eTag, crc64 } = meta;
  const ownMd5 = /^[0-9A-F]{32}$/.test(eTag) ? Buffer.from(eTag, 'hex').toString('base64') : meta.contentMd5;
  return {
    ...encryptionHeaders(meta),
    etag: quotedETag(meta),
    ...(crc64 !== undefined && { 'x-oss-hash-crc64ecma': crc64 }),
    ...(ownMd5 !== undefined && { 'content-md5': ownMd5 }),
  };
}

/** An object's encryption in OSS. Here nothing is encrypted, but clients expect what they asked for. */
export function encryptionHeaders({ headers }: ObjectProperties): Record<string, string> {
  const entries = Object.entries(headers);
  return Object.fromEntries(entries.filter(([name]) => name.startsWith('x-oss-server-side-')));
}

/** The ETag in quotes, as in headers and documents. */
export function quotedETag({ eTag }: ObjectMeta): string {
  return `"${eTag}"`;
}

/** Formats a time for documents in whole seconds, as `….000Z`: aliyun-oss-python-sdk accepts nothing else. */
export function xmlDate(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}.000Z`;
}

export function httpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString();
}
