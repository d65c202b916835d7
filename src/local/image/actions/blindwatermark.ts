import { refusals } from '../../../style/catalog.ts';
import type { Pixels } from '../blind-pixels.ts';
import { embedText } from '../blind-text.ts';
import { type Action, type Picture, render, withPixels } from '../picture.ts';
import { refuse } from '../refuse.ts';

/** Steps of the coefficients (see blind-pixels): a quarter of each is more than the 4 that quality 75 moves them by. */
const steps: Readonly<Record<string, number>> = { low: 20, medium: 28, high: 38 };

export function stepOf(strength = 'low'): number {
  return steps[strength] ?? 20;
}

/**
 * Hides a text (OSS help: "Add blind watermarks"). How OSS does it is not public: texts hidden here are read here, those
 * of OSS are not. The result is written with quality q and not below it, whatever the source's.
 */
export const blindwatermark: Action = async (
  picture,
  { numbers: { q = 90 }, texts: { content = '', s } },
) => {
  const { format } = picture.source;
  if (format === 'gif' || format === 'avif') {
    throw refuse(refusals.blindFormat, format);
  }
  const { data, info } = await readPixels(picture);
  const pixels = { ...info, data };
  if (isBlackOrWhite(pixels)) {
    throw refuse(refusals.blindBlackOrWhite);
  }
  if (!(await embedText(pixels, content, stepOf(s)))) {
    throw refuse(refusals.blindTooSmall, `${info.width}x${info.height}`);
  }
  const output = { ...picture.output, quality: { percent: q, kind: 'exact' as const } };
  return { ...withPixels(picture, { data, info }), output };
};

export function readPixels(picture: Picture) {
  const pipeline = picture.hasAlpha ? picture.open() : picture.open().removeAlpha();
  return render(picture, pipeline.toColourspace('srgb').raw());
}

/** Documented: OSS takes no pictures that are nothing but black or white. */
function isBlackOrWhite({ data, channels }: Pixels): boolean {
  const [first] = data;
  const isSame = (value: number, at: number) => value === first || (channels === 4 && at % 4 === 3);
  return (first === 0 || first === 255) && data.every(isSame);
}
