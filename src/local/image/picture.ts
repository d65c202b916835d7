import sharp, { type Sharp } from 'sharp';
import { refusals } from '../../style/catalog.ts';
import type { Pixels } from './blind-pixels.ts';
import type { ImageResult } from './contract.ts';
import type { Logo } from './logo.ts';
import type { ParameterValues } from './parameters.ts';
import { checkSize, damagedSource, type Size } from './refuse.ts';
import { type ImageFormat, openSource, type SourceImage } from './source.ts';

/** The image between two actions. Its size is that of one frame. */
export interface Picture extends Size {
  readonly source: SourceImage;
  readonly frames: number;
  readonly hasAlpha: boolean;
  /** How the result will be written; set by format, quality and interlace, used once at the end. */
  readonly output: {
    readonly format: ImageFormat;
    /** Relative to the source's, at most the source's, or as it is. */
    readonly quality?: { readonly percent: number; readonly kind: 'relative' | 'capped' | 'exact' };
    readonly progressive: boolean;
  };
  /** A new pipeline over the pixels so far; undone work is only described, nothing runs before `settle` or encode. */
  open(): Sharp;
}

/** Beside the picture, an action may use images of watermarks by `image_`, and the picture that one is laid on. */
export interface ActionContext {
  readonly logos: ReadonlyMap<string, Logo>;
  readonly main?: Size;
}

/** Does one action of a style, or answers what one asks; the parameters are as the catalog wants them. */
export type Action = (
  picture: Picture,
  values: ParameterValues,
  context: ActionContext,
) => Picture | Promise<Picture>;
export type Question = (source: SourceImage, values: ParameterValues) => Promise<ImageResult>;

/** The source as first picture: turned upright by its EXIF orientation unless told not to, all frames or the first. */
export function openPicture(source: SourceImage, how: { isTurned: boolean; isAnimated: boolean }): Picture {
  const { format, width, height, metadata } = source;
  const { orientation = 1, hasAlpha = false } = metadata;
  const isTurned = how.isTurned && orientation > 1;
  if (isTurned) {
    checkSize(source, refusals.rotation);
  }
  const size = isTurned && orientation >= 5 ? { width: height, height: width } : { width, height };
  // A turn ends an animation (OSS help: "Auto-orient"); sharp would turn all frames as one picture, last one first.
  const frames = how.isAnimated && !isTurned ? source.frames : 1;
  const open = () => openSource(source, { animated: frames > 1, autoOrient: isTurned });
  return { ...size, source, frames, hasAlpha, output: { format, progressive: false }, open };
}

/**
 * Runs an action's pipeline and keeps its pixels (8 bit sRGB, alpha as it is) for the next one. One pipeline an
 * action, because sharp reorders the operations of a pipeline while OSS keeps the written order.
 */
export async function settle(picture: Picture, pipeline: Sharp): Promise<Picture> {
  return withPixels(picture, await readPixels(picture, pipeline));
}

/** Composing gives everything an alpha channel; the pixels have one only if the picture had. */
export function readPixels(picture: Picture, pipeline = picture.open()): Promise<Pixels> {
  const kept = picture.hasAlpha ? pipeline : pipeline.removeAlpha();
  return renderPipeline(picture, kept.raw());
}

/** Cuts away the outside of a rounded rectangle: it is transparent, and white in a JPEG (OSS help: "Circle crop"). */
export function cutOut(picture: Picture, pipeline: Sharp, { width, height }: Size, radius: number) {
  const shape = `<rect width="${width}" height="${height}" rx="${radius}"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shape}</svg>`;
  const cut = pipeline.composite([{ input: Buffer.from(svg), blend: 'dest-in' }]);
  return settle({ ...picture, hasAlpha: true }, cut);
}

/** The picture with other pixels; its size is theirs. */
export function withPixels(picture: Picture, { data, info }: Pixels): Picture {
  const { width, channels } = info;
  const height = info.height / picture.frames;
  const animated = picture.frames > 1;
  const raw = { width, height: info.height, channels, ...(animated && { pageHeight: height }) };
  const open = () => sharp(data, { raw, animated, limitInputPixels: false });
  return { ...picture, width, height, open };
}

/** The only place where pixels are computed. What fails here is the source: the options were checked before. */
export function renderPipeline(picture: Picture, pipeline: Sharp) {
  return pipeline.toBuffer({ resolveWithObject: true }).catch((error: unknown) => {
    throw damagedSource(picture.source.format, error);
  });
}
