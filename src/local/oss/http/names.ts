import { badRequest, type OssError } from './errors.ts';

// ignoreBOM: a key may begin with U+FEFF, which a default decoder would drop.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of UTF-8 bytes, or undefined when they are none. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bucket names: 3 to 63 of `a-z 0-9 -`, first and last alphanumeric (OSS help, "Bucket naming conventions"). */
export function checkBucketName(bucket: string): string {
  if (/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(bucket)) {
    return bucket;
  }
  throw badRequest('InvalidBucketName', 'The specified bucket is not valid.');
}

/**
 * Keys: UTF-8 of 1 to 1,023 bytes, not beginning with `/` or `\`
 * (OSS help, "Object naming conventions" and "400 errors"). `undefined` stands for bytes that are not UTF-8.
 */
export function checkKey(key: string | undefined): string {
  if (key === undefined || /^[/\\]/.test(key)) {
    throw invalidKey('The specified object is not valid.');
  }
  const sizeBytes = Buffer.byteLength(key);
  if (sizeBytes === 0) {
    throw invalidKey('The Object name can not be empty.');
  }
  if (sizeBytes > 1023) {
    throw invalidKey('The Length of Object name must be less than 1024.');
  }
  return key;
}

function invalidKey(message: string): OssError {
  return badRequest('InvalidObjectName', message, '0016-00000005');
}
