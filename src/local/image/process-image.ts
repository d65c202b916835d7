import { lookUp, refusals } from '../../style/catalog.ts';
import { notImplemented } from '../oss/http/errors.ts';
import * as actions from './actions/index.ts';
import type { ImageRequest, ImageResult } from './contract.ts';
import { encodePicture } from './encode.ts';
import { type Logo, readLogo, splitLogo } from './logo.ts';
import { type ActionContext, openPicture, type Picture } from './picture.ts';
import * as questions from './questions/index.ts';
import { refuse } from './refuse.ts';
import { readSource, type SourceImage } from './source.ts';
import { keepsAnimation, readSteps, type Step } from './steps.ts';

/**
 * Executes an image style (`image/resize,w_100/format,webp`, without the sys part) in written order, like
 * OSS. Throws `OssError` with OSS's status, code and EC; the style is checked before the source is read.
 */
export async function processImage(request: ImageRequest): Promise<ImageResult> {
  return (await prepareImage(request)).run();
}

/** Reads the images of a request; `pixels` is the total of all of them. */
export async function prepareImage(request: ImageRequest) {
  const { style, readObject, asynchronous = false } = request;
  const steps = readSteps(style, false);
  checkSteps(steps, asynchronous);
  const logoStyles = readLogoStyles(steps);
  const source = await readSource(await request.readSource());
  const logos = new Map<string, Logo>();
  for (const [image, { key, prepare }] of logoStyles) {
    const known = [...logos.values()].find((logo) => logo.key === key);
    logos.set(image, { key, source: known?.source ?? (await readLogo(key, readObject)), prepare });
  }
  const sources = new Set([source, ...Array.from(logos.values(), (logo) => logo.source)]);
  const pixels = [...sources].reduce((sum, { width, height, frames }) => sum + width * height * frames, 0);
  return { pixels, run: (): Promise<ImageResult> => runSteps(source, steps, { logos }) };
}

async function runSteps(source: SourceImage, steps: readonly Step[], context: ActionContext) {
  const [first] = steps;
  const question = lookUp(questions, first?.name);
  if (first !== undefined && question !== undefined) {
    return question(source, first.values);
  }
  const isTurned = steps.every(({ name, values }) => name !== 'auto-orient' || values.texts.value !== '0');
  const isAnimated = steps.every(keepsAnimation);
  return encodePicture(await applySteps(openPicture(source, { isTurned, isAnimated }), steps, context));
}

/** A process may have hundreds of actions of up to a second each; no page says how long OSS works on one. */
const maxSeconds = 20;

async function applySteps(picture: Picture, steps: readonly Step[], context: ActionContext) {
  const endsAt = Date.now() + maxSeconds * 1_000;
  let current = picture;
  for (const [index, { name, values }] of steps.entries()) {
    if (Date.now() > endsAt) {
      throw notImplemented(`work of more than ${maxSeconds} s on one picture (action ${index + 1}, ${name})`);
    }
    current = (await lookUp(actions, name)?.(current, values, context)) ?? current;
  }
  return current;
}

/** Refuses actions that are misplaced, are for other requests, or exist only in OSS. */
function checkSteps(steps: readonly Step[], isAsynchronous: boolean): void {
  for (const step of steps) {
    const { name, operation } = step;
    if (operation.alone === true && steps.length > 1) {
      throw refuse(refusals.alone, name);
    }
    if (operation.last === true && step !== steps.at(-1)) {
      throw refuse(refusals.last, name);
    }
    if (operation.mode === 'async' && !isAsynchronous) {
      throw refuse(refusals.asyncOnly, name);
    }
    if (!Object.hasOwn({ ...actions, ...questions }, name)) {
      throw notImplemented(`image/${name}`);
    }
  }
}

/** Reads each watermark's image by the whole of its `image_`: its key, and how to prepare it. */
function readLogoStyles(steps: readonly Step[]) {
  const images = new Set(steps.flatMap(({ values }) => values.texts.image ?? []));
  const styles = [...images].map((image) => {
    const { key, style } = splitLogo(image);
    const nested = style === undefined ? [] : readSteps(style, true);
    const prepare: Logo['prepare'] = (logo, main) => applySteps(logo, nested, { logos: new Map(), main });
    return [image, { key, prepare }] as const;
  });
  // OSS help, "Add watermarks"; a page of 2024 says six.
  if (new Set(styles.map(([, { key }]) => key)).size > refusals.watermarkCount.count) {
    throw refuse(refusals.watermarkCount);
  }
  return styles;
}
