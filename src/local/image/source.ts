import sharp, { type Metadata, type Sharp, type SharpOptions } from 'sharp';
import { lookUp, refusals } from '../../style/catalog.ts';
import { notImplemented, OssError } from '../oss/http/errors.ts';
import { decodeBmp, readBmpHeader } from './bmp.ts';
import { estimateJpegQuality } from './jpeg.ts';
import { checkSize, damagedSource, refuse, type Size } from './refuse.ts';

/** The formats that sharp and our BMP can read and write; OSS also knows HEIC. */
export type ImageFormat = 'jpg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif' | 'bmp';

/** Whether this is the name of a format that can be read here. */
export function isImageFormat(name: string): name is ImageFormat {
  return name !== 'heic' && signatures.some(([, format]) => format === name);
}

/** The source object, of which only the header is read. Its size is that of one frame, as stored. */
export interface SourceImage extends Size {
  readonly body: Buffer;
  readonly format: ImageFormat;
  readonly frames: number;
  readonly metadata: Partial<Metadata>;
  readonly jpegQuality: number | undefined;
}

/** Reads the header of a source object; throws OSS's error if it is no image, damaged or too large. */
export async function readSource(body: Buffer): Promise<SourceImage> {
  const format = detectFormat(body);
  const metadata = await readMetadata(body, format);
  const size = { width: metadata.width, height: metadata.pageHeight ?? metadata.height };
  // Pages of a TIFF are not an animation; OSS shows the first.
  const frames = format === 'gif' || format === 'webp' ? (metadata.pages ?? 1) : 1;
  checkSize(size, lookUp(refusals.sides, format) ?? refusals.sourcePixels);
  checkSize(size, refusals.sourcePixels, frames);
  const jpegQuality = format === 'jpg' ? estimateJpegQuality(body) : undefined;
  return { ...size, body, format, frames, metadata, jpegQuality };
}

async function readMetadata(body: Buffer, format: ImageFormat): Promise<Partial<Metadata> & Size> {
  try {
    return format === 'bmp' ? readBmpHeader(body) : await sharp(body, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw error instanceof OssError ? error : damagedSource(format, error);
  }
}

/** Starts a pipeline over the source's pixels, all frames or the first, as stored or as EXIF turns them. */
export function openSource({ body, format, metadata }: SourceImage, how: SharpOptions): Sharp {
  if (format === 'bmp') {
    const { data, ...raw } = decodeBmp(body);
    return sharp(data, { raw, limitInputPixels: false });
  }
  const pipeline = sharp(body, { ...how, failOn: 'error', limitInputPixels: false });
  // Processing is in 8 bit sRGB: sharp would pad grey with grey, and add 1/255 to samples of 1/65535.
  const isOther = ['b-w', 'grey16', 'rgb16', 'scrgb'].includes(metadata.space ?? '');
  return isOther ? pipeline.pipelineColourspace('srgb') : pipeline;
}

/** Formats are known by their first bytes. sharp alone would also read SVG and others that OSS refuses. */
const signatures: readonly [RegExp, ImageFormat | 'heic'][] = [
  [/^\xff\xd8\xff/, 'jpg'],
  [/^.PNG\r\n.\n/s, 'png'],
  [/^GIF8/, 'gif'],
  [/^RIFF.{4}WEBP/s, 'webp'],
  [/^(II\*.|MM.\*)/s, 'tiff'],
  [/^.{4}ftyp(?!avis).*avif/s, 'avif'],
  [/^.{4}ftyp(hei|hev|mif1|msf1|avis)/s, 'heic'],
  // Texts may also begin with BM, but are not followed by the size of a header.
  [/^BM.{12}[^\0]\0{3}/s, 'bmp'],
];

function detectFormat(body: Buffer): ImageFormat {
  const head = body.toString('latin1', 0, 40);
  const format = signatures.find(([signature]) => signature.test(head))?.[1];
  if (format === undefined) {
    throw refuse(refusals.unknownFormat);
  }
  if (format === 'heic') {
    throw notImplemented('HEIC and animated AVIF sources');
  }
  return format;
}
