import type { Action } from './action.ts';
import { crop } from './crop.ts';
import { notImplemented } from './failures.ts';
import { describeSource } from './info.ts';
import { format, interlace, quality } from './output.ts';
import { resize } from './resize.ts';
import { autoOrient, rotate } from './rotate.ts';
import type { Source } from './source.ts';
import { watermark } from './watermark.ts';

const missing =
  (name: string): Action =>
  () => {
    throw notImplemented(`image/${name}`);
  };

/** What can be done to a picture, by name. A name that is not here is none of OSS's. */
export const actions: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['resize', resize],
  ['crop', crop],
  ['rotate', rotate],
  ['auto-orient', autoOrient],
  ['format', format],
  ['quality', quality],
  ['interlace', interlace],
  ['watermark', watermark],
  ...[
    ...['flip', 'circle', 'rounded-corners', 'indexcrop', 'blur', 'bright', 'contrast', 'sharpen'],
    ...['average-hue', 'blindwatermark', 'deblindwatermark'],
    ...['faces', 'bodies', 'cars', 'codes', 'labels', 'score'],
  ].map((name): [string, Action] => [name, missing(name)]),
]);

/** What is asked about a source and stands alone in its style; the answer is JSON. */
export const questions: ReadonlyMap<string, (source: Source) => string> = new Map([['info', describeSource]]);
