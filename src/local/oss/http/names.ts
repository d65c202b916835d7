import { badRequest, notImplemented } from './errors.ts';

// ignoreBOM: a key may begin with U+FEFF, which a default decoder would drop.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes UTF-8; undefined if the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Decodes `%XX` once and `+` as a space; undefined if not UTF-8. Throws InvalidURI for a stray `%`. */
export function percentDecode(text: string): string | undefined {
  const bytes = text.replaceAll('+', ' ').replace(/%([0-9a-f]{2})?/gi, (_, hex: string | undefined) => {
    if (hex === undefined) {
      throw badRequest('InvalidURI', `Couldn't parse the specified URI: stray % in ${text}`);
    }
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  if (/[\xc0\xc1][\x80-\xbf]/.test(bytes)) {
    throw notImplemented('overlong UTF-8'); // OSS accepts it in keys (live test of ossutil).
  }
  return decodeUtf8(Buffer.from(bytes, 'latin1'));
}

/** New buckets have 3 to 63 of `a-z 0-9 -`, and no `-` at an end (OSS help, "Bucket naming conventions"). */
export function checkNewBucketName(bucket: string): string {
  return checkBucketName(bucket, /^[a-z0-9-]+$/);
}

/** Old buckets may also contain `_` (NoSuchBucket in a live test of aliyun-oss-java-sdk). */
export function checkBucketName(bucket = '', allowed = /^[a-z0-9_-]+$/): string {
  if (allowed.test(bucket) && /^[^_-].{1,61}[^_-]$/.test(bucket)) {
    return bucket;
  }
  throw badRequest('InvalidBucketName', 'The specified bucket is not valid.');
}

/**
 * Keys are UTF-8 of 1 to 1,023 bytes, not beginning with `/` or `\` (OSS help, "Object naming conventions",
 * "400 errors" and the page per EC). `undefined` means bytes that are not UTF-8.
 */
export function checkKey(key: string | undefined): string {
  const invalid = (message: string, ec: string) => badRequest('InvalidObjectName', message, { ec });
  if (key?.isWellFormed() !== true) {
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
