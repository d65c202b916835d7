import type { Matrix3x3, Sharp } from 'sharp';
import { refusals } from '../../style/catalog.ts';
import { encodeBmp } from './bmp.ts';
import type { ImageResult } from './contract.ts';
import { type Picture, renderPipeline } from './picture.ts';
import { checkSize } from './refuse.ts';

/** Encodes the picture in its output format. EXIF is dropped; colours are sRGB and need no profile. */
export async function encodePicture(picture: Picture): Promise<ImageResult> {
  const { format } = picture.output;
  if (format === 'webp' || format === 'avif') {
    checkSize(picture, refusals[format]);
  }
  const { data } = await renderPipeline(picture, describeEncoding(picture));
  const body = format === 'bmp' ? encodeBmp(data, picture.width, picture.height, picture.hasAlpha) : data;
  return { body, contentType: `image/${format === 'jpg' ? 'jpeg' : format}` };
}

const blueFirst: Matrix3x3 = [
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
];

function describeEncoding(picture: Picture): Sharp {
  const { format, progressive } = picture.output;
  const { delay = [], loop = 0 } = picture.source.metadata;
  const timing = picture.frames > 1 ? { delay, loop } : {};
  const quality = encoderQuality(picture);
  const pipeline = picture.open();
  switch (format) {
    case 'jpg':
      // Transparency becomes white, never black (OSS help: "Convert image formats").
      return pipeline.flatten({ background: '#ffffff' }).jpeg({ progressive, ...quality });
    case 'webp':
      return pipeline.webp({ ...quality, ...timing });
    case 'gif':
      // Frames that have become equal are kept, with their timing.
      return pipeline.gif({ ...timing, keepDuplicateFrames: true });
    case 'png':
      return pipeline.png();
    case 'tiff':
      // sharp's own default would be a lossy JPEG inside the TIFF.
      return pipeline.tiff({ compression: 'lzw' });
    case 'avif':
      return pipeline.avif({ effort: 2 });
    case 'bmp':
      // BMP has its colours in reverse order; libvips swaps them without blocking other work.
      return pipeline.recomb(blueFirst).raw();
  }
}

/**
 * Returns the encoder's quality, or nothing for its default. Without a quality action, a JPEG keeps that of
 * its source: not documented, but the sizes in the official SDKs' tests agree with it. If the source's
 * quality is unknown, a relative one counts as absolute, as documented for WebP.
 */
function encoderQuality({ source, output }: Picture): { quality?: number } {
  const own = source.jpegQuality;
  const { percent, kind } = output.quality ?? {};
  if (percent === undefined) {
    return output.format === 'jpg' && own !== undefined ? { quality: own } : {};
  }
  if (own === undefined || kind === 'exact') {
    return { quality: percent };
  }
  const relative = Math.max(1, Math.round((own * percent) / 100));
  return { quality: kind === 'capped' ? Math.min(percent, own) : relative };
}
