import { lookUp, refusals } from '../../../style/catalog.ts';
import { embedText } from '../blind-text.ts';
import { type Action, readPixels, withPixels } from '../picture.ts';
import { refuse } from '../refuse.ts';

/** Returns the step (see blind-pixels). A quarter of it is more than 4, the error that quality 75 causes. */
export function stepOf(strength = 'low'): number {
  return lookUp({ medium: 28, high: 38 }, strength) ?? 20;
}

/**
 * Hides a text (OSS help: "Add blind watermarks"). OSS's method is not public, so only texts hidden here can
 * be read here. The result is written with exactly quality q, whatever the source's.
 */
export const blindwatermark: Action = async (picture, { numbers, texts }) => {
  const { format } = picture.source;
  if (format === 'gif' || format === 'avif') {
    throw refuse(refusals.blindFormat, format);
  }
  const pixels = await readPixels(picture);
  const { data, info } = pixels;
  const isPlain = data.subarray(info.channels).equals(data.subarray(0, -info.channels));
  // OSS help: no pictures that are only black or only white.
  if (isPlain && ['000000', 'ffffff'].includes(data.toString('hex', 0, 3))) {
    throw refuse(refusals.blindBlackOrWhite);
  }
  if (!(await embedText(pixels, texts.content ?? '', stepOf(texts.s)))) {
    throw refuse(refusals.blindTooSmall, `${info.width}x${info.height}`);
  }
  const quality = { percent: numbers.q ?? 90, kind: 'exact' as const };
  return { ...withPixels(picture, pixels), output: { ...picture.output, quality } };
};
