import { parseStyle, type StyleAction } from '../../style/parse.ts';
import type { Step } from './action.ts';
import { actions, questions } from './actions.ts';
import type { ImageRequest, ImageResult } from './contract.ts';
import { encodePicture } from './encode.ts';
import { badRequest } from './failures.ts';
import { openPicture, type Picture } from './picture.ts';
import { readSource } from './source.ts';

/** At most three different ones (OSS help: "Add watermarks"; a page of 2024 says six). */
const maxLogos = 3;

/**
 * Executes an image style (`image/resize,w_100/format,webp`, without the sys part) the way OSS does, actions in
 * written order. Throws `OssError` with OSS's status, code and EC; the style is judged before the source is read.
 */
export async function processImage(request: ImageRequest): Promise<ImageResult> {
  const named = imageActions(request.style);
  const asked = named.find(({ name }) => questions.has(name.text));
  if (asked !== undefined) {
    return answer(asked, named.length, request);
  }
  const steps = named.map(toStep);
  checkChain(named, steps);
  const source = await readSource(await request.readSource());
  const animated = source.frames > 1 && steps.every(({ keepsFrames }) => keepsFrames);
  const orient = !steps.some(({ refusesOrientation }) => refusesOrientation);
  let picture: Picture = openPicture(source, { orient, animated });
  for (const step of steps) {
    picture = await step.apply(picture, request.readObject);
  }
  return encodePicture(picture);
}

function checkChain(named: readonly StyleAction[], steps: readonly Step[]): void {
  if (named.slice(0, -1).some(({ name }) => name.text === 'blindwatermark')) {
    throw badRequest('InvalidArgument', 'The action blindwatermark must be the last one.');
  }
  const logos = new Set(steps.flatMap(({ logo }) => logo ?? []));
  if (logos.size > maxLogos) {
    const message = `${logos.size} different images as watermarks, at most ${maxLogos} are allowed.`;
    throw badRequest('WatermarkError', message, '0040-00000026');
  }
}

function imageActions(style: string): readonly StyleAction[] {
  const [segment, ...more] = parseStyle(style);
  if (segment?.category.text !== 'image' || more.length > 0) {
    throw badRequest('InvalidArgument', `Expected one "image/…" style, found "${style}".`, '0040-00000601');
  }
  if (segment.actions.length === 0 || segment.actions.some(({ name }) => name.text === '')) {
    throw badRequest('InvalidArgument', `The style "${style}" names no action.`, '0040-00000212');
  }
  return segment.actions;
}

function toStep(action: StyleAction): Step {
  const bind = actions.get(action.name.text);
  if (bind === undefined) {
    throw badRequest('InvalidArgument', `The action ${action.name.text} does not exist.`, '0040-00000213');
  }
  return bind(action);
}

async function answer(action: StyleAction, actionCount: number, request: ImageRequest): Promise<ImageResult> {
  const name = action.name.text;
  const question = questions.get(name);
  if (question === undefined || actionCount > 1) {
    throw badRequest('InvalidArgument', `The action ${name} must be the only one.`);
  }
  if (name === 'deblindwatermark' && request.asynchronous !== true) {
    throw badRequest('InvalidArgument', `The action ${name} is for x-oss-async-process only.`);
  }
  const source = await readSource(await request.readSource());
  return { body: Buffer.from(await question.answer(source, action)), contentType: question.contentType };
}
