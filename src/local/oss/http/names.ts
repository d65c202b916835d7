import { badRequest } from './errors.ts';

// ignoreBOM: a key may begin with U+FEFF, which a default decoder would drop.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes UTF-8; undefined when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Decodes percent-escapes once; undefined for what is not UTF-8. Throws InvalidURI for a stray `%`. */
export function percentDecode(text: string): string | undefined {
  const bytes = text.replace(/%([0-9a-f]{2})?/gi, (_, hex: string | undefined) => {
    if (hex === undefined) {
      throw badRequest('InvalidURI', `Couldn't parse the specified URI: stray % in ${text}`);
    }
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  return decodeBytes(bytes);
}

/**
 * Decodes UTF-8 of one character a byte. OSS takes overlong forms in keys (live test of ossutil): their bytes
 * become halves of surrogate pairs, `%C0` U+DCC0, which no other text holds.
 */
export function decodeBytes(bytes: string): string | undefined {
  const halve = (part: string) =>
    part.replace(/./gs, (byte) => String.fromCharCode(0xdc00 + byte.charCodeAt(0)));
  const parts = bytes
    .split(/((?:[\xc0\xc1][\x80-\xbf])+)/)
    .map((part, index) => (index % 2 === 1 ? halve(part) : decodeUtf8(Buffer.from(part, 'latin1'))));
  return parts.includes(undefined) ? undefined : parts.join('');
}

/** The bytes that a text was decoded from: latin1 takes the lower one of each half. */
export function encodeUtf8(text: string): Buffer {
  const bytes = text.replace(/[^\udc80-\udcff]+/gu, (part) => Buffer.from(part).toString('latin1'));
  return Buffer.from(bytes, 'latin1');
}

/** Percent-encodes those that are `reserved`, as V4 signatures do unless told otherwise. */
export function percentEncode(text: string, reserved = /[^\w.~-]/g): string {
  const hex = (byte: string) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  return encodeUtf8(text).toString('latin1').replace(reserved, hex);
}

/** The characters of a key that are encoded in a path, where slashes stay. */
export const reservedInPath = /[^\w.~/-]/g;

/** New buckets have 3 to 63 of `a-z 0-9 -`, and no `-` at an end (OSS help, "Bucket naming conventions"). */
export function checkNewBucketName(bucket: string): string {
  return checkBucketName(bucket, /^[a-z0-9-]+$/);
}

/** Old buckets may have a `_`, too (NoSuchBucket in a live test of aliyun-oss-java-sdk). */
export function checkBucketName(bucket = '', allowed = /^[a-z0-9_-]+$/): string {
  if (allowed.test(bucket) && /^[^_-].{1,61}[^_-]$/.test(bucket)) {
    return bucket;
  }
  throw badRequest('InvalidBucketName', 'The specified bucket is not valid.');
}

/**
 * Keys: UTF-8 of 1 to 1,023 bytes, not beginning with `/` or `\` (OSS help, "Object naming conventions", "400
 * errors" and the page per EC). `undefined` stands for bytes that are not UTF-8.
 */
export function checkKey(key: string | undefined): string {
  const invalid = (message: string, ec: string) => badRequest('InvalidObjectName', message, { ec });
  if (key === undefined) {
    throw badRequest('InvalidArgument', 'The characters encoding must be utf-8.', { ec: '0016-00000004' });
  }
  if (/^[/\\]/.test(key)) {
    throw invalid('The specified object is not valid.', '0016-00000005');
  }
  if (key === '') {
    throw invalid('The Object name can not be empty.', '0016-00000001');
  }
  if (Buffer.byteLength(key) > 1023) {
    throw invalid('The Length of Object name must be less than 1024.', '0016-00000003');
  }
  return key;
}
