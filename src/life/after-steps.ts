import { createHash } from 'node:crypto';
import { isNoSuchKey } from '../oss/errors.ts';
import { deleteObject, headObject, type ObjectResult, type OperationResult } from '../oss/operations.ts';
import { describeError, type SaveTask, type SkipReason, type TaskEnd } from '../pipeline/result.ts';
import {
  findReasonToKeep,
  headIfPresent,
  mayKeep,
  processSource,
  type TaskOptions,
} from '../pipeline/save.ts';
import { needsCopy } from '../rules/rule-set.ts';
import { copyOntoItself, propertyHeaders } from './copy.ts';

/**
 * Metadata that marks a target as complete. Processing creates a new object without it; the copy that sets
 * all other properties also sets this.
 */
const markName = 'x-oss-meta-oss-saveas';

/**
 * Makes an output and applies the steps that its rule wants. Nothing is made twice: a complete target is left
 * alone, and a target that this event's upload was already saved to is only completed.
 */
export async function saveAndFinish(task: SaveTask, options: TaskOptions): Promise<TaskEnd> {
  const isCopied = needsCopy(task.afterSteps);
  const mustLook = mayKeep(task, options) || options.isSaved || (isCopied && task.raisedAt !== undefined);
  const existing = mustLook ? await headIfPresent(task.target, options) : undefined;
  const next = existing === undefined ? 'process' : decide(existing, task, options);
  if (typeof next === 'object') {
    return finish(task, options, next);
  }
  if (next !== 'process') {
    return { status: 'skipped', reason: next };
  }
  const { sizeBytes, requestId, attempts } = await processSource(task, options);
  if (!isCopied && sizeBytes !== undefined && !isLarger(sizeBytes, task)) {
    return { status: 'saved', sizeBytes, requestId, attempts };
  }
  const end = await finish(task, options, markOf(task));
  return end.status === 'saved' ? { ...end, requestId, attempts } : end;
}

type Mark = Record<'steps' | 'process' | 'source', string>;

/** Digests of the steps applied to a target, of the process that made it, and of its source. */
function markOf({ afterSteps, process, version }: SaveTask): Mark {
  return { steps: digest(afterSteps), process: digest(process), source: digest([version.eTag]) };
}

function digest(value: unknown): string {
  return createHash('md5').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}

/** Says what is left to do if the target exists: all, nothing, or the steps that end with this mark. */
function decide(existing: ObjectResult, task: SaveTask, options: TaskOptions): 'process' | SkipReason | Mark {
  const { afterSteps, checkSource, raisedAt, version } = task;
  const mark = markOf(task);
  if (options.isSaved) {
    return mark;
  }
  const [steps, process, source] = existing.headers[markName]?.split('-') ?? [];
  const isComplete = !needsCopy(afterSteps) || steps === mark.steps;
  // It may be somebody's own file: only what was made from this source is deleted for its size.
  const isTooLarge = isLarger(existing.sizeBytes, task);
  const reason = findReasonToKeep(existing, task, options);
  if (reason === 'target-exists') {
    return isComplete || isTooLarge ? reason : { ...mark, source: source ?? 'unknown' };
  }
  // The copy may come long after the save, so the time of a marked target says nothing about its source.
  const isOlder = source !== undefined && version.eTag !== undefined && source !== mark.source;
  if (reason !== undefined && !isOlder) {
    return isComplete || isTooLarge ? reason : mark;
  }
  // Last-Modified is in whole seconds.
  const savedAtMs = existing.lastModified?.getTime() ?? 0;
  if (!needsCopy(afterSteps) || raisedAt === undefined || savedAtMs + 999 < Date.parse(raisedAt)) {
    return 'process';
  }
  if (source === mark.source && process === mark.process) {
    return isComplete ? 'already-saved' : mark;
  }
  // An unmarked target was saved since the upload, by an attempt that got no further. That attempt may have
  // been for an earlier upload and have read the source before this one: if that matters, the target is made
  // again. By which style it was made is unknown, so the next event makes it by the present one.
  return source === undefined && checkSource !== true && !isTooLarge
    ? { ...mark, process: 'unknown' }
    : 'process';
}

/** Does the remaining steps for a saved target. Never throws. */
async function finish(task: SaveTask, options: TaskOptions, mark: Mark): Promise<TaskEnd> {
  const { target, afterSteps } = task;
  const { call, deadlineMs } = options;
  try {
    const object = await headObject(call, { ...target, deadlineMs });
    if (isLarger(object.sizeBytes, task)) {
      // A late event describes an older source than the one that was processed, which may be larger.
      const current = await headIfPresent(task.source, options, isNoSuchKey);
      const currentBytes = current === undefined ? 0 : (current.sizeBytes ?? Number.POSITIVE_INFINITY);
      if ((object.sizeBytes ?? 0) > currentBytes) {
        await deleteObject(call, { ...target, deadlineMs });
        return { status: 'skipped', reason: 'larger-than-source' };
      }
    }
    const isCopied = needsCopy(afterSteps);
    const { requestId, attempts } = isCopied ? await setProperties(object, task, options, mark) : object;
    return { status: 'saved', sizeBytes: object.sizeBytes, requestId, attempts };
  } catch (error) {
    // A step after the save never fails because of the picture, only because of a setting that can be fixed.
    return { status: 'failed', ...describeError(error), kind: 'transient', isSaved: true };
  }
}

async function setProperties(
  { contentType }: ObjectResult,
  { target, afterSteps = {} }: SaveTask,
  options: TaskOptions,
  { steps, process, source }: Mark,
): Promise<OperationResult> {
  const value = `${steps}-${process}-${source}`;
  const headers = { ...propertyHeaders(afterSteps, contentType), [markName]: value };
  try {
    return await copyOntoItself(options.call, { ...target, deadlineMs: options.deadlineMs }, headers);
  } catch (error) {
    // The answer to a successful copy may be lost, and an archived object cannot be copied again.
    const now = await headIfPresent(target, options).catch(() => undefined);
    if (now?.headers[markName] !== value) {
      throw error;
    }
    return now;
  }
}

function isLarger(sizeBytes: number | undefined = 0, { afterSteps, version }: SaveTask): boolean {
  return afterSteps?.skipLarger === true && sizeBytes > (version.sizeBytes ?? Number.POSITIVE_INFINITY);
}
