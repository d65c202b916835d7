/** Where OSS is to put a result: a bucket of the same account and region, and a key in it. */
export interface Target {
  bucket: string;
  key: string;
}

/**
 * The save-as clause `sys/saveas,o_{key},b_{bucket}`, both URL-safe Base64 without padding as OSS help
 * ("sys/saveas") shows them: the only form without `+`, `/` and `=`, which a form decoder would damage.
 * `b_` is always there, so that the answer names the bucket.
 */
export function saveAs({ bucket, key }: Target): string {
  if (bucket !== lastBucket.name) {
    lastBucket = { name: bucket, encoded: toBase64Url(bucket) };
  }
  return `sys/saveas,o_${toBase64Url(key)},b_${lastBucket.encoded}`;
}

/** Kept: most outputs go where the one before went. */
let lastBucket = { name: '', encoded: '' };

function toBase64Url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
