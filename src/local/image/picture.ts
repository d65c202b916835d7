import sharp, { type OutputInfo, type Sharp } from 'sharp';
import { badRequest, damagedSource } from './failures.ts';
import { type ImageFormat, openSource, type Source } from './source.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How the result will be written; set by format, quality and interlace, used once at the end. */
export interface Output {
  readonly format: ImageFormat;
  /** Relative to the source's, at most the source's, or as it is. */
  readonly quality?: { readonly percent: number; readonly kind: 'relative' | 'capped' | 'exact' };
  readonly progressive: boolean;
}

/** The image between two actions. Width and height are of one frame. */
export interface Picture extends Size {
  readonly source: Source;
  readonly frames: number;
  readonly hasAlpha: boolean;
  readonly output: Output;
  /** A new pipeline over the pixels so far; undone work is only described, nothing runs before `settle` or encode. */
  open(): Sharp;
}

/** Longest side OSS turns, by EXIF or by rotate (OSS help: "Image processing FAQ"; the code is assumed). */
export function checkRotationRange({ width, height }: Size): void {
  if (Math.max(width, height) > 4096) {
    throw badRequest('BadRequest', 'Picture exceed the maximum allowable rotation range', '0040-00000006');
  }
}

/** The source as first picture: turned upright by its EXIF orientation unless told not to, all frames or the first. */
export function openPicture(source: Source, how: { orient: boolean; animated: boolean }): Picture {
  const turned = how.orient && source.orientation > 1;
  if (turned) {
    checkRotationRange(source);
  }
  const sideways = turned && source.orientation >= 5;
  return {
    source,
    width: sideways ? source.height : source.width,
    height: sideways ? source.width : source.height,
    frames: how.animated ? source.frames : 1,
    hasAlpha: source.hasAlpha,
    output: { format: source.format, progressive: false },
    open: () => (turned ? openSource(source, how.animated).autoOrient() : openSource(source, how.animated)),
  };
}

/**
 * Runs an action's pipeline and keeps its pixels (8 bit sRGB, alpha as it is) for the next one. One pipeline an
 * action, because sharp reorders the operations of a pipeline while OSS keeps the written order.
 */
export async function settle(picture: Picture, pipeline: Sharp): Promise<Picture> {
  // Composing gives everything an alpha channel; a result has one only if the picture had.
  return ofPixels(
    picture,
    await render(picture, (picture.hasAlpha ? pipeline : pipeline.removeAlpha()).raw()),
  );
}

/** The picture with other pixels; its size is theirs. */
export function ofPixels(picture: Picture, { data, info }: { data: Buffer; info: OutputInfo }): Picture {
  const { width, channels } = info;
  const height = info.height / picture.frames;
  const animated = picture.frames > 1;
  const raw = { width, height: info.height, channels, ...(animated && { pageHeight: height }) };
  const open = () => sharp(data, { raw, animated, limitInputPixels: false });
  return { ...picture, width, height, open };
}

/** The only place where pixels are computed. What fails here is the source: the options were checked while building. */
export function render(picture: Picture, pipeline: Sharp) {
  return pipeline.toBuffer({ resolveWithObject: true }).catch((error: Error) => {
    throw damagedSource(picture.source.format, error.message);
  });
}
