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
  /** How the result will be written; set by format, quality and interlace, used only at the end. */
  readonly output: {
    readonly format: ImageFormat;
    /** The percentage is relative to the source's quality, limited by it, or exact. */
    readonly quality?: { readonly percent: number; readonly kind: 'relative' | 'capped' | 'exact' };
    readonly progressive: boolean;
  };
  /** Starts a pipeline over the present pixels; it only describes work, which `settle` or encoding does. */
  open(): Sharp;
}

/** An action may also use the watermarks' images, by `image_`, and the picture that one is put on. */
export interface ActionContext {
  readonly logos: ReadonlyMap<string, Logo>;
  readonly main?: Size;
}

/** Carries out one action of a style. The parameters are valid by the catalog. */
export type Action = (
  picture: Picture,
  values: ParameterValues,
  context: ActionContext,
) => Picture | Promise<Picture>;
export type Question = (source: SourceImage, values: ParameterValues) => Promise<ImageResult>;

/** Opens the source as a picture: turned upright by EXIF if `isTurned`, all frames if `isAnimated`. */
export function openPicture(source: SourceImage, how: { isTurned: boolean; isAnimated: boolean }): Picture {
  const { format, width, height, metadata } = source;
  const { orientation = 1, hasAlpha = false } = metadata;
  const isTurned = how.isTurned && orientation > 1;
  if (isTurned) {
    checkSize(source, refusals.rotation);
  }
  const size = isTurned && orientation >= 5 ? { width: height, height: width } : { width, height };
  // Turning ends an animation (OSS help: "Auto-orient"); sharp would turn its frames as one picture.
  const frames = how.isAnimated && !isTurned ? source.frames : 1;
  const open = () => openSource(source, { animated: frames > 1, autoOrient: isTurned });
  return { ...size, source, frames, hasAlpha, output: { format, progressive: false }, open };
}

/**
 * Runs an action's pipeline and keeps its pixels (8 bit sRGB, alpha unchanged) for the next one. Each action
 * has its own pipeline, because sharp reorders the operations of one, and OSS keeps the written order.
 */
export async function settle(picture: Picture, pipeline: Sharp): Promise<Picture> {
  return withPixels(picture, await readPixels(picture, pipeline));
}

/** Renders the pixels. Compositing adds an alpha channel, which is kept only if the picture had one. */
export function readPixels(picture: Picture, pipeline = picture.open()): Promise<Pixels> {
  const kept = picture.hasAlpha ? pipeline : pipeline.removeAlpha();
  return renderPipeline(picture, kept.raw());
}

/** Makes the outside of a rounded rectangle transparent; in a JPEG it is white (OSS help: "Circle crop"). */
export function cutOut(picture: Picture, pipeline: Sharp, { width, height }: Size, radius: number) {
  const shape = `<rect width="${width}" height="${height}" rx="${radius}"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shape}</svg>`;
  const cut = pipeline.composite([{ input: Buffer.from(svg), blend: 'dest-in' }]);
  return settle({ ...picture, hasAlpha: true }, cut);
}

export function withPixels(picture: Picture, { data, info }: Pixels): Picture {
  const { width, channels } = info;
  const height = info.height / picture.frames;
  const animated = picture.frames > 1;
  const raw = { width, height: info.height, channels, ...(animated && { pageHeight: height }) };
  const open = () => sharp(data, { raw, animated, limitInputPixels: false });
  return { ...picture, width, height, open };
}

/** Only this function computes pixels. A failure is due to the source: the options were checked before. */
export function renderPipeline(picture: Picture, pipeline: Sharp) {
  return pipeline.toBuffer({ resolveWithObject: true }).catch((error: unknown) => {
    throw damagedSource(picture.source.format, error);
  });
}
