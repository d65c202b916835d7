import { parseStyle, type StyleAction } from '../../../style/parse.ts';
import type { Step } from './action.ts';
import { actions, questions } from './actions.ts';
import { encodePicture } from './encode.ts';
import { badRequest } from './failures.ts';
import { openPicture, type Picture } from './picture.ts';
import { readSource } from './source.ts';

export interface ProcessedImage {
  readonly body: Buffer;
  readonly contentType: string;
}

/**
 * Executes an image style (`image/resize,w_100/format,webp`, without the sys part) the way OSS does, actions in
 * written order. Throws `OssError` with OSS's status, code and EC; the style is judged before the source is read.
 */
export async function processImage(request: { input: Buffer; style: string }): Promise<ProcessedImage> {
  const named = imageActions(request.style);
  const asked = named.find(({ name }) => questions.has(name.text));
  if (asked !== undefined) return answer(asked, named.length, request.input);
  const steps = named.map(toStep);
  const source = await readSource(request.input);
  const animated = source.frames > 1 && steps.every(({ keepsFrames }) => keepsFrames);
  const orient = !steps.some(({ refusesOrientation }) => refusesOrientation);
  let picture: Picture = openPicture(source, { orient, animated });
  for (const step of steps) picture = await step.apply(picture);
  return encodePicture(picture);
}

function imageActions(style: string): readonly StyleAction[] {
  const [segment, ...more] = parseStyle(style).segments;
  if (segment?.kind !== 'actions' || segment.category.text !== 'image' || more.length > 0) {
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

async function answer({ name }: StyleAction, actionCount: number, input: Buffer): Promise<ProcessedImage> {
  const question = questions.get(name.text);
  if (question === undefined || actionCount > 1) {
    throw badRequest('InvalidArgument', `The action ${name.text} must be the only one.`);
  }
  return { body: Buffer.from(question(await readSource(input))), contentType: 'application/json' };
}
