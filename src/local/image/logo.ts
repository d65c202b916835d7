import { refusals } from '../../style/catalog.ts';
import { OssError } from '../oss/http/errors.ts';
import type { ImageRequest } from './contract.ts';
import { toOverlay } from './overlay.ts';
import { openPicture, type Picture, settle } from './picture.ts';
import { refuse, type Size } from './refuse.ts';
import { readSource, type SourceImage } from './source.ts';

/** The image of a watermark, and how to prepare it before it is put on the picture `main`. */
export interface Logo {
  readonly key: string;
  readonly source: SourceImage;
  readonly prepare: (logo: Picture, main: Size) => Promise<Picture>;
}

/** Splits the decoded `image_`: `key`, or `key?x-oss-process=image/…` (OSS help: "Add watermarks"). */
export function splitLogo(image: string): { key: string; style: string | undefined } {
  const [, key = '', style] = /^(.*?)(?:\?x-oss-process=(.*))?$/s.exec(image) ?? [];
  if (key === '') {
    throw refuse(refusals.watermarkName);
  }
  return { key, style };
}

/** Reads a watermark's image; throws OSS's error if the object is missing, no picture or too large. */
export async function readLogo(key: string, readObject: ImageRequest['readObject']): Promise<SourceImage> {
  const body = await readObject(key);
  if (body === undefined) {
    throw refuse(refusals.watermarkMissing, key);
  }
  const source = await readSource(body).catch((error: unknown) => {
    const isTooLarge = error instanceof OssError && error.code === 'ImageTooLarge';
    throw isTooLarge ? error : refuse(refusals.watermarkFormat, key);
  });
  if (source.format === 'gif' || source.format === 'avif') {
    throw refuse(refusals.watermarkFormat, key);
  }
  return source;
}

/** Prepares the image for `main`, at `opacity` percent of its own opacity. */
export async function drawLogo({ key, source, prepare }: Logo, main: Size, opacity: number) {
  const opened = openPicture(source, { isTurned: true, isAnimated: false });
  // It has alpha from the start, so that turning it does not uncover white.
  const decoded = await settle({ ...opened, hasAlpha: true }, opened.open().ensureAlpha()).catch(() => {
    // The header was valid, but the pixels are not.
    throw refuse(refusals.watermarkFormat, key);
  });
  const prepared = await prepare(decoded, main);
  return toOverlay(prepared.open().linear([1, 1, 1, opacity / 100], [0, 0, 0, 0]));
}
