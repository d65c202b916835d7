import type { Matrix3x3, Matrix4x4, Sharp } from 'sharp';
import { encodeBmp } from './bmp.ts';
import { tooLarge } from './failures.ts';
import { type Picture, render } from './picture.ts';
import type { ImageFormat } from './source.ts';

const contentTypes: Readonly<Record<ImageFormat, string>> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  tiff: 'image/tiff',
  avif: 'image/avif',
  bmp: 'image/bmp',
};

const swap: Matrix3x3 = [
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
];
const swapWithAlpha: Matrix4x4 = [
  [0, 0, 1, 0],
  [0, 1, 0, 0],
  [1, 0, 0, 0],
  [0, 0, 0, 1],
];

/** The picture as the bytes of its output format. EXIF is dropped; colours are sRGB, so no profile is needed. */
export async function encodePicture(picture: Picture): Promise<{ body: Buffer; contentType: string }> {
  checkResult(picture);
  const { format } = picture.output;
  const { data } = await render(picture, describeEncoding(picture));
  const body = format === 'bmp' ? encodeBmp(data, picture) : data;
  return { body, contentType: contentTypes[format] };
}

function describeEncoding(picture: Picture): Sharp {
  const { format, progressive } = picture.output;
  const pipeline = picture.open();
  // Transparency becomes white, never black (OSS help: "Convert image formats").
  const opaque = () => pipeline.flatten({ background: '#ffffff' });
  switch (format) {
    case 'jpg':
      return opaque().jpeg({ progressive, ...encoderQuality(picture) });
    case 'webp':
      return pipeline.webp({ ...encoderQuality(picture), ...timing(picture) });
    case 'gif':
      // Frames that have become the same keep their place and time.
      return pipeline.gif({ ...timing(picture), keepDuplicateFrames: true });
    case 'png':
      return pipeline.png();
    case 'tiff':
      // sharp's own default would be a lossy JPEG inside the TIFF.
      return pipeline.tiff({ compression: 'lzw' });
    case 'avif':
      return pipeline.avif({ effort: 2 });
    case 'bmp':
      // Rows from the bottom, red and blue changed places.
      return pipeline
        .toColourspace('srgb')
        .flip()
        .recomb(picture.hasAlpha ? swapWithAlpha : swap)
        .raw();
  }
}

/**
 * Quality for the encoder, nothing for its default. Without the action a JPEG keeps the quality its source had: not
 * documented, but the sizes the official SDKs' tests record agree with it. Relative quality of a source whose own is
 * unknown counts as absolute, as documented for WebP.
 */
export function encoderQuality({ source, output }: Pick<Picture, 'source' | 'output'>): { quality?: number } {
  const { quality } = output;
  const own = source.jpegQuality;
  if (quality === undefined) {
    return output.format === 'jpg' && own !== undefined ? { quality: own } : {};
  }
  if (own === undefined || quality.kind === 'exact') {
    return { quality: quality.percent };
  }
  if (quality.kind === 'capped') {
    return { quality: Math.min(quality.percent, own) };
  }
  return { quality: Math.max(1, Math.round((own * quality.percent) / 100)) };
}

function timing({ source, frames }: Picture) {
  return frames > 1 ? { delay: [...source.delay], loop: source.loop } : {};
}

/** OSS help: "Convert image formats" (WebP side) and "Image processing limits" (AVIF area). */
function checkResult({ width, height, output }: Picture): void {
  if (output.format === 'webp' && Math.max(width, height) > 16_383) {
    throw tooLarge(`A side of a WebP is at most 16383 px: ${width}x${height}.`, '0040-00000011');
  }
  if (output.format === 'avif' && width * height > 4096 * 2304) {
    throw tooLarge(`An AVIF has at most 4096x2304 px: ${width}x${height}.`, '0040-00000014');
  }
}
