import { createHash } from 'node:crypto';
import { deleteObject, type ObjectResult } from '../oss/operations.ts';
import type { SaveAndFinish, SaveEnd, SaveTools } from '../pipeline/life.ts';
import { formatObject, type SaveTask, type SkipReason } from '../pipeline/result.ts';
import type { OssObject } from '../process.ts';
import { needsCopy } from '../rules/rule-set.ts';
import { copyOntoItself, propertyHeaders } from './copy.ts';

/**
 * Metadata by which a target tells that it is complete. Processing makes a new object without it, and the one copy that
 * sets everything else sets it too.
 */
const markName = 'x-oss-meta-oss-saveas';

/**
 * Makes an output and does what its rule wants done with it. What is already there is not made again: a target that is
 * complete is left alone, and one that this event's upload has been saved to before is only completed.
 */
export const saveAndFinish: SaveAndFinish = async (task, tools) => {
  const mark = needsCopy(task.afterSteps) ? markOf(task) : undefined;
  const mayBeSaved = tools.isSaved || (mark !== undefined && task.raisedAt !== undefined);
  const existing = mayBeSaved || tools.mayKeep ? await tools.head() : undefined;
  const next = existing === undefined ? 'process' : decide(existing, task, tools, mark);
  if (next === 'finish') {
    return finish(task, tools, mark, existing);
  }
  if (next !== 'process') {
    return { status: 'skipped', reason: next };
  }
  const { sizeBytes, requestId, attempts } = await tools.process();
  if (mark === undefined && sizeBytes !== undefined && !isLarger(sizeBytes, task)) {
    return { status: 'saved', sizeBytes, requestId, attempts };
  }
  const end = await finish(task, tools, mark);
  return end.status === 'saved' ? { ...end, requestId, attempts } : end;
};

/** The steps that a target has seen, and the source and process it was made by. */
interface Mark {
  steps: string;
  content: string;
}

function markOf({ afterSteps, process, version }: SaveTask): Mark {
  return { steps: digest(afterSteps), content: digest([process, version.eTag]) };
}

function digest(value: unknown): string {
  return createHash('md5').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}

/** Says what is left to be done where the target is there: all of it, the steps that follow a save, or nothing. */
function decide(
  existing: ObjectResult,
  { checkSource, raisedAt }: SaveTask,
  { isSaved, findReasonToKeep }: SaveTools,
  mark: Mark | undefined,
): 'process' | 'finish' | SkipReason {
  const [steps, content] = existing.headers[markName]?.split('-') ?? [];
  const isComplete = mark === undefined || steps === mark.steps;
  if (isSaved) {
    return 'finish';
  }
  const reason = findReasonToKeep(existing);
  if (reason !== undefined) {
    return isComplete ? reason : 'finish';
  }
  // Last-Modified has whole seconds only.
  const savedAt = existing.lastModified?.getTime() ?? 0;
  if (mark === undefined || raisedAt === undefined || savedAt + 999 < Date.parse(raisedAt)) {
    return 'process';
  }
  if (content === mark.content) {
    return isComplete ? 'already-saved' : 'finish';
  }
  // A target without a mark was saved since the upload, by an attempt that got no further. It may have been one at an
  // earlier upload, which read the source before this one came: where that matters, the target is made again.
  return content === undefined && checkSource !== true ? 'finish' : 'process';
}

/** Does with a target that is saved what is left to be done; `existing` is what was seen of it. Never throws. */
async function finish(
  task: SaveTask,
  tools: SaveTools,
  mark: Mark | undefined,
  existing?: ObjectResult,
): Promise<SaveEnd> {
  const { target, afterSteps = {} } = task;
  try {
    const object = existing ?? (await tools.head());
    if (object === undefined) {
      throw new Error(`${formatObject(target)} was saved, and is gone`);
    }
    if (isLarger(object.sizeBytes, task)) {
      await deleteObject(tools.call, { ...target, deadline: tools.deadline });
      return { status: 'skipped', reason: 'larger-than-source' };
    }
    const { requestId, attempts, sizeBytes } = object;
    if (mark === undefined) {
      return { status: 'saved', sizeBytes, requestId, attempts };
    }
    const headers = propertyHeaders(afterSteps, object.contentType);
    return { status: 'saved', sizeBytes, ...(await copyMarked(target, tools, headers, mark)) };
  } catch (cause) {
    return { status: 'unfinished', cause };
  }
}

async function copyMarked(
  target: OssObject,
  { call, deadline, head }: SaveTools,
  headers: Record<string, string>,
  mark: Mark,
): Promise<Pick<ObjectResult, 'requestId' | 'attempts'>> {
  const value = `${mark.steps}-${mark.content}`;
  try {
    return await copyOntoItself(call, { ...target, deadline }, { ...headers, [markName]: value });
  } catch (error) {
    // The answer to a copy that was made may be lost, and an object that is archived by then cannot be copied again.
    const object = await head().catch(() => undefined);
    if (object?.headers[markName] !== value) {
      throw error;
    }
    return { requestId: object.requestId, attempts: object.attempts };
  }
}

function isLarger(sizeBytes: number, { afterSteps, version }: SaveTask): boolean {
  return afterSteps?.skipLarger === true && sizeBytes > (version.sizeBytes ?? Number.POSITIVE_INFINITY);
}
