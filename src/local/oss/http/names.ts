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

/** Decodes percent-escapes once; undefined when the bytes are not UTF-8. Throws InvalidURI for a malformed escape. */
export function percentDecode(text: string): string | undefined {
  const bytes = text.replace(/%([0-9a-f]{2})?/gi, (_, hex: string | undefined) => {
    if (hex === undefined) {
      throw badRequest('InvalidURI', `Couldn't parse the specified URI: stray % in ${text}`);
    }
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  return decodeUtf8(Buffer.from(bytes, 'latin1'));
}

/** A bucket is made with 3 to 63 of `a-z 0-9 -`, first and last alphanumeric (OSS help, "Bucket naming conventions"). */
export function checkNewBucketName(bucket: string): string {
  return checkBucketName(bucket.replaceAll('_', '?'));
}

/** Names that a bucket may have: `_`, too, as once was allowed (NoSuchBucket in a live test of aliyun-oss-java-sdk). */
export function checkBucketName(bucket = ''): string {
  if (/^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$/.test(bucket)) {
    return bucket;
  }
  throw badRequest('InvalidBucketName', 'The specified bucket is not valid.');
}

/**
 * Keys: UTF-8 of 1 to 1,023 bytes, not beginning with `/` or `\`
 * (OSS help, "Object naming conventions" and "400 errors"). `undefined` stands for bytes that are not UTF-8.
 */
export function checkKey(key: string | undefined): string {
  const invalid = (message: string) => badRequest('InvalidObjectName', message, { ec: '0016-00000005' });
  if (key === undefined) {
    throw badRequest('InvalidArgument', 'The characters encoding must be utf-8.');
  }
  if (/^[/\\]/.test(key)) {
    throw invalid('The specified object is not valid.');
  }
  if (key === '') {
    throw invalid('The Object name can not be empty.');
  }
  if (Buffer.byteLength(key) > 1023) {
    throw invalid('The Length of Object name must be less than 1024.');
  }
  return key;
}
