import { parseStyle, type StyleAction } from '../../style/parse.ts';
import { OssError } from '../oss/http/errors.ts';
import type { Action, ReadObject } from './action.ts';
import { crop, indexcrop } from './crop.ts';
import { badRequest } from './failures.ts';
import { roundedCorners } from './mask.ts';
import { type Overlay, openOverlay, toOverlay } from './overlay.ts';
import { openPicture, type Picture, type Size } from './picture.ts';
import { resize, resizeLogo } from './resize.ts';
import { rotate } from './rotate.ts';
import { type ImageFormat, readSource, type Source } from './source.ts';

/** The image of a watermark: an object of the source's bucket, and what is done to it first. */
export interface Logo {
  readonly key: string;
  readonly actions: readonly StyleAction[];
}

/** What may be done to a watermark's image (OSS help: "Add watermarks"). */
const preparations = new Map<string, Action>([
  ['resize', resize],
  ['crop', crop],
  ['indexcrop', indexcrop],
  ['rounded-corners', roundedCorners],
  ['rotate', rotate],
]);

const formats: readonly ImageFormat[] = ['jpg', 'png', 'bmp', 'webp', 'tiff'];

/** Reads the decoded `image_`: `key` or `key?x-oss-process=image/…`; throws OSS's error for what cannot be done there. */
export function parseLogo(image: string): Logo {
  const [key = '', ...rest] = image.split('?x-oss-process=');
  const style = rest.join('?x-oss-process=');
  if (key === '') {
    throw badRequest('InvalidArgument', 'image_ names no object.', '0040-00000265');
  }
  if (rest.length === 0) {
    return { key, actions: [] };
  }
  // The page of 0040-00000373 says the whole value, so even the key, must not hold this; keys are assumed to be free.
  if (style.includes('/watermark')) {
    throw badRequest('InvalidArgument', refusal('watermark'), '0040-00000373');
  }
  if (style.includes('/info')) {
    throw badRequest('InvalidArgument', refusal('info'), '0040-00000374');
  }
  const [segment, ...more] = parseStyle(style);
  if (segment?.category.text !== 'image' || more.length > 0) {
    throw badRequest('InvalidArgument', `The watermark's image has a style that is none: "${style}".`);
  }
  for (const { name } of segment.actions) {
    if (!preparations.has(name.text)) {
      throw badRequest('InvalidArgument', refusal(name.text));
    }
  }
  const logo = { key, actions: segment.actions };
  bindActions(logo, { width: 1, height: 1 });
  return logo;
}

function refusal(action: string): string {
  return `A watermark's image cannot be processed with ${action}.`;
}

function bindActions({ actions }: Logo, main: Size) {
  return actions.flatMap((action) => {
    const bind = action.name.text === 'resize' ? resizeLogo(main) : preparations.get(action.name.text);
    return bind === undefined ? [] : [bind(action)];
  });
}

/** Reads and prepares the image for `main`, with `opacity` percent of its own. */
export async function openLogo(
  logo: Logo,
  main: Size,
  opacity: number,
  readObject: ReadObject,
): Promise<Overlay> {
  const body = await readObject(logo.key);
  if (body === undefined) {
    throw badRequest('WatermarkError', `The watermark's image ${logo.key} does not exist.`, '0040-00000025');
  }
  const source = await readLogoSource(body, logo.key);
  // With alpha from the start, so that turning it uncovers nothing white.
  let picture: Picture = { ...openPicture(source, { orient: true, animated: false }), hasAlpha: true };
  for (const step of bindActions(logo, main)) {
    picture = await step.apply(picture, readObject);
  }
  const overlay = await toOverlay(picture.open());
  if (opacity === 100) {
    return overlay;
  }
  return toOverlay(openOverlay(overlay).linear([1, 1, 1, opacity / 100], [0, 0, 0, 0]));
}

async function readLogoSource(body: Buffer, key: string): Promise<Source> {
  const source = await readSource(body).catch((error: Error) => {
    if (error instanceof OssError && error.code !== 'BadRequest' && error.statusCode !== 501) {
      throw error;
    }
    return undefined;
  });
  if (source !== undefined && formats.includes(source.format)) {
    return source;
  }
  const message = `The watermark's image ${key} is no JPG, PNG, BMP, WebP or TIFF.`;
  throw badRequest('WatermarkError', message, '0040-00000027');
}
