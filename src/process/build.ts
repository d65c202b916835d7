import { saveAs, type Target } from './save-as.ts';

/**
 * The value of `x-oss-process` that runs a style and saves the result: `{style}|sys/saveas,…`. The style is an
 * inline text (`image/resize,w_200`) or a bucket's named style (`style/name`).
 * Throws where the style is empty (OSS would save the source as it is) or says itself where to save.
 */
export function buildProcess(style: string, target: Target): string {
  if (style.trim() === '') {
    throw new RangeError('The style is empty: nothing to process.');
  }
  if (holdsSaveAs(style)) {
    throw new RangeError(`The style "${style}" holds its own sys/saveas: leave that to the target.`);
  }
  return `${style}|${saveAs(target)}`;
}

/** Whether a style already has a save-as clause. */
export function holdsSaveAs(style: string): boolean {
  return /(^|[|/])\s*sys\/saveas\b/i.test(style);
}
