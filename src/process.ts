import { toBase64Url } from './base64url.ts';

/** An object by its name: the bucket that holds it, and its key there. */
export interface OssObject {
  bucket: string;
  key: string;
}

/**
 * The value of `x-oss-process` that runs a style and saves the result as `target`: `{style}|sys/saveas,…`.
 * The style is an inline text (`image/resize,w_200`) or names a style of the bucket (`style/thumbnail`). A
 * topic is told the end of an asynchronous task (OSS help, "Message notification"). Throws RangeError where
 * the style is empty (OSS would save the source as it is) or says itself where to save.
 */
export function buildProcess(style: string, target: OssObject, topic?: string | undefined): string {
  if (style.trim() === '') {
    throw new RangeError('The style is empty: nothing to process.');
  }
  if (hasSaveAs(style)) {
    throw new RangeError(`The style "${style}" holds its own sys/saveas: leave that to the target.`);
  }
  const notify = topic === undefined ? '' : `/notify,topic_${toBase64Url(topic)}`;
  return `${style}|${saveAs(target)}${notify}`;
}

/** Whether a style already has a save-as clause. */
function hasSaveAs(style: string): boolean {
  return /(^|[|/])\s*sys\/saveas\b/i.test(style);
}

/**
 * The clause `sys/saveas,o_{key},b_{bucket}`, both in URL-safe Base64 without padding as OSS help
 * ("sys/saveas") shows them: the only form without `+`, `/` and `=`, which a form decoder would damage. `b_`
 * is always there, so that OSS names the bucket in its answer.
 */
export function saveAs({ bucket, key }: OssObject): string {
  return `sys/saveas,o_${toBase64Url(key)},b_${toBase64Url(bucket)}`;
}
