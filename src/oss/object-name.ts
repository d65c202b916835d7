/** A bucket's name: 3 to 63 of `a-z 0-9 -`, alphanumeric at both ends. */
export const bucketPattern = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** Throws TypeError unless `bucket` is the name of one, and may so be in a host. */
export function assertBucket(bucket: string): void {
  if (!bucketPattern.test(bucket)) {
    const expected = '3 to 63 of a-z, 0-9 and "-", with a letter or digit at both ends';
    throw new TypeError(`bucket ${JSON.stringify(bucket)}: expected ${expected}`);
  }
}

/** Throws TypeError unless `key` follows OSS help's "Object naming conventions" (1,023 bytes of UTF-8). */
export function assertKey(key: string): void {
  if (
    key === '' ||
    new TextEncoder().encode(key).length > 1023 ||
    /^[/\\]/.test(key) ||
    !key.isWellFormed()
  ) {
    const expected = '1 to 1,023 bytes of UTF-8 that do not start with "/" or "\\"';
    throw new TypeError(`key ${JSON.stringify(key)}: expected ${expected}`);
  }
}
