import type { Sharp } from 'sharp';
import { refusals } from '../../style/catalog.ts';
import { encodeBmp } from './bmp.ts';
import type { ImageResult } from './contract.ts';
import { type Picture, render } from './picture.ts';
import { checkSize } from './refuse.ts';

/** The picture as the bytes of its output format. EXIF is dropped; colours are sRGB, so no profile is needed. */
export async function encodePicture(picture: Picture): Promise<ImageResult> {
  const { format } = picture.output;
  if (format === 'webp' || format === 'avif') {
    checkSize(picture, refusals[format]);
  }
  const { data } = await render(picture, describeEncoding(picture));
  const body = format === 'bmp' ? encodeBmp(data, picture.width, picture.height, picture.hasAlpha) : data;
  return { body, contentType: `image/${format === 'jpg' ? 'jpeg' : format}` };
}

function describeEncoding(picture: Picture): Sharp {
  const { format, progressive } = picture.output;
  const pipeline = picture.open();
  switch (format) {
    case 'jpg': {
      // Transparency becomes white, never black (OSS help: "Convert image formats").
      const opaque = pipeline.flatten({ background: '#ffffff' });
      return opaque.jpeg({ progressive, ...encoderQuality(picture) });
    }
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
      return pipeline.toColourspace('srgb').raw();
  }
}

/**
 * Quality for the encoder, nothing for its default. Without the action a JPEG keeps the quality its source had: not
 * documented, but the sizes the official SDKs' tests record agree with it. Relative quality of a source whose own is
 * unknown counts as absolute, as documented for WebP.
 */
function encoderQuality({ source: { jpegQuality }, output: { format, quality } }: Picture): {
  quality?: number;
} {
  if (quality === undefined) {
    return format === 'jpg' && jpegQuality !== undefined ? { quality: jpegQuality } : {};
  }
  const { percent, kind } = quality;
  if (jpegQuality === undefined || kind === 'exact') {
    return { quality: percent };
  }
  const relative = Math.max(1, Math.round((jpegQuality * percent) / 100));
  return { quality: kind === 'capped' ? Math.min(percent, jpegQuality) : relative };
}

function timing({ source, frames }: Picture) {
  const { delay = [], loop = 0 } = source.metadata;
  return frames > 1 ? { delay, loop } : {};
}
