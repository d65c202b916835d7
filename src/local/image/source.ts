import sharp, { type Metadata, type Sharp } from 'sharp';
import { OssError } from '../oss/http/errors.ts';
import { decodeBmp, readBmpHeader } from './bmp.ts';
import { badRequest, damagedSource, notImplemented, tooLarge } from './failures.ts';
import { estimateJpegQuality } from './jpeg.ts';

export type ImageFormat = 'jpg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif' | 'bmp';

/** The source object as an image: what its header says, nothing decoded yet. */
export interface Source {
  readonly body: Buffer;
  readonly format: ImageFormat;
  /** Pixels of one frame as stored, before any EXIF orientation. */
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly hasAlpha: boolean;
  /** EXIF orientation, 1 (upright) to 8. */
  readonly orientation: number;
  /** Milliseconds of each frame and number of rounds, of an animation. */
  readonly delay: readonly number[];
  readonly loop: number;
  readonly jpegQuality: number | undefined;
  /** The EXIF block, if there is one. */
  readonly exif: Buffer | undefined;
}

type SourceMetadata = Partial<Metadata> & Pick<Metadata, 'width' | 'height'>;

const sourceLimitBytes = 20 * 1024 * 1024;
const sourceLimitArea = 250_000_000;

/** Longest side a source may have, with its EC (OSS help: "Image processing limits", 0040-00000014/17/18/19). */
const sideLimits: Partial<Record<ImageFormat, { side: number; ec: string }>> = {
  avif: { side: 10_000, ec: '0040-00000014' },
  tiff: { side: 16_384, ec: '0040-00000018' },
  jpg: { side: 30_000, ec: '0040-00000019' },
  bmp: { side: 30_000, ec: '0040-00000017' },
};

/** Reads the header of a source object; throws OSS's error when it is no image, damaged or over a limit. */
export async function readSource(body: Buffer): Promise<Source> {
  if (body.length > sourceLimitBytes) {
    throw tooLarge(`The image is larger than 20 MB: ${body.length} bytes.`, '0040-00000009');
  }
  const format = detectFormat(body);
  const metadata = await readMetadata(body, format);
  const source = {
    body,
    format,
    width: metadata.width,
    height: metadata.pageHeight ?? metadata.height,
    // Pages of a TIFF are no animation; OSS shows the first.
    frames: format === 'gif' || format === 'webp' ? (metadata.pages ?? 1) : 1,
    hasAlpha: metadata.hasAlpha ?? false,
    orientation: metadata.orientation ?? 1,
    delay: metadata.delay ?? [],
    loop: metadata.loop ?? 0,
    jpegQuality: format === 'jpg' ? estimateJpegQuality(body) : undefined,
    exif: metadata.exif,
  };
  checkLimits(source);
  return source;
}

async function readMetadata(body: Buffer, format: ImageFormat): Promise<SourceMetadata> {
  try {
    if (format === 'bmp') {
      return readBmpHeader(body);
    }
    return await sharp(body, { limitInputPixels: false }).metadata();
  } catch (error) {
    if (error instanceof OssError) {
      throw error;
    }
    throw damagedSource(format, error instanceof Error ? error.message : String(error));
  }
}

/** A pipeline over the source's pixels: all frames or the first. */
export function openSource({ body, format }: Source, animated: boolean): Sharp {
  if (format !== 'bmp') {
    return sharp(body, { animated, failOn: 'error', limitInputPixels: false });
  }
  const { data, ...raw } = decodeBmp(body);
  return sharp(data, { raw, limitInputPixels: false });
}

/**
 * The format by its first bytes. sharp is asked only afterwards: it would also read SVG and others that OSS refuses.
 * HEIC is an OSS format the local decoder lacks, which is another answer than "no image".
 */
function detectFormat(body: Buffer): ImageFormat {
  const head = body.toString('latin1', 0, 40);
  if (head.startsWith('\xff\xd8\xff')) {
    return 'jpg';
  }
  if (head.startsWith('\x89PNG\r\n\x1a\n')) {
    return 'png';
  }
  if (head.startsWith('GIF8')) {
    return 'gif';
  }
  if (/^RIFF.{4}WEBP/s.test(head)) {
    return 'webp';
  }
  if (head.startsWith('II*\0') || head.startsWith('MM\0*')) {
    return 'tiff';
  }
  if (/^.{4}ftyp.*avi[fs]/s.test(head)) {
    return 'avif';
  }
  if (/^.{4}ftyp(hei|hev|mif1|msf1)/s.test(head)) {
    throw notImplemented('HEIC sources');
  }
  if (head.startsWith('BM')) {
    return 'bmp';
  }
  throw badRequest('BadRequest', 'This image format is not supported.', '0040-00000005');
}

function checkLimits({ format, width, height, frames }: Omit<Source, 'body'>): void {
  const { side, ec } = sideLimits[format] ?? { side: 30_000, ec: '0040-00000012' };
  if (Math.max(width, height) > side) {
    throw tooLarge(`A side of the image is longer than ${side} px: ${width}x${height}.`, ec);
  }
  if (width * height * frames > sourceLimitArea) {
    throw tooLarge(
      `The image has more than 250,000,000 px: ${width}x${height}, ${frames} frame(s).`,
      '0040-00000012',
    );
  }
}
