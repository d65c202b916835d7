import type { StyleAction } from '../../style/parse.ts';
import type { Action } from './action.ts';
import { describeAverageHue } from './average-hue.ts';
import { blindwatermark, describeBlindWatermark } from './blind-watermark.ts';
import { crop, indexcrop } from './crop.ts';
import { notImplemented } from './failures.ts';
import { describeSource } from './info.ts';
import { circle, roundedCorners } from './mask.ts';
import { format, interlace, quality } from './output.ts';
import { resize } from './resize.ts';
import { autoOrient, flip, rotate } from './rotate.ts';
import type { Source } from './source.ts';
import { blur, bright, contrast, sharpen } from './tone.ts';
import { watermark } from './watermark.ts';

const missing =
  (name: string): Action =>
  () => {
    throw notImplemented(`image/${name}`);
  };

/** What can be done to a picture, by name. A name that is neither here nor a question is none of OSS's. */
export const actions: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['resize', resize],
  ['crop', crop],
  ['indexcrop', indexcrop],
  ['circle', circle],
  ['rounded-corners', roundedCorners],
  ['rotate', rotate],
  ['flip', flip],
  ['auto-orient', autoOrient],
  ['blur', blur],
  ['bright', bright],
  ['contrast', contrast],
  ['sharpen', sharpen],
  ['format', format],
  ['quality', quality],
  ['interlace', interlace],
  ['watermark', watermark],
  ['blindwatermark', blindwatermark],
  // Detection needs an IMM project.
  ...['faces', 'bodies', 'cars', 'codes', 'labels', 'score'].map((name) => [name, missing(name)] as const),
]);

export interface Question {
  readonly contentType: string;
  answer(source: Source, action: StyleAction): string | Promise<string>;
}

/** What is asked about a source and stands alone in its style. */
export const questions: ReadonlyMap<string, Question> = new Map<string, Question>([
  ['info', { contentType: 'application/json', answer: describeSource }],
  ['average-hue', { contentType: 'application/json', answer: describeAverageHue }],
  ['deblindwatermark', { contentType: 'text/plain', answer: describeBlindWatermark }],
]);
