import type { OssObject } from './process.ts';

/**
 * The bucket and key of `oss://bucket/key`, or of `oss://bucket` with an empty key; undefined where it is
 * neither. The key is taken as it stands: nothing in it is decoded.
 */
export function splitObjectUrl(url: string): OssObject | undefined {
  const [, bucket, key = ''] = /^oss:\/\/([^/]+)(?:\/(.*))?$/s.exec(url) ?? [];
  return bucket === undefined ? undefined : { bucket, key };
}

/** Whether a text begins as addresses do: `https://…`, `oss://…`. */
export function isAddress(text: string): boolean {
  return /^[a-z][\w+.-]*:\/\//i.test(text);
}
