import type { Call } from '../oss/call.ts';
import { isNotFound, OssRequestError, type RequestFailure } from '../oss/errors.ts';
import { headObject, type ObjectResult, type ProcessResult, processObject } from '../oss/operations.ts';
import type { OssObject } from '../process.ts';
import type { Life, SaveAndFinish, SaveEnd, SaveTools, SubmitEnd } from './life.ts';
import { describeError, formatObject, type SaveResult, type SaveTask, type SkipReason } from './result.ts';

export interface SaveOptions {
  call: Call;
  /** Epoch ms at which work stops, so that time is left to report what was not done. */
  deadline: number;
  now: () => number;
  /** Loads the part that follows a save, for an output that asks for it. */
  loadLife: () => Promise<Life>;
  /** Epoch ms: a target that was written since then is left as it is. */
  savedSince?: number | undefined;
  /** The longest time that one attempt at an output may take. */
  timeoutMs?: number | undefined;
  /** An earlier attempt at the same event has saved the target, and failed at what was to follow. */
  isSaved?: boolean | undefined;
}

/** A source that is replaced faster than it can be processed is left to the next invocation. */
const maxRounds = 3;

/** Makes one output, as often and only as its rule asks for. Never throws: what goes wrong is the result. */
export async function save(task: SaveTask, options: SaveOptions): Promise<SaveResult> {
  const { rule, source, target } = task;
  const { call, deadline, now, loadLife, savedSince, isSaved = false } = options;
  const startedAt = now();
  const tools: SaveTools = {
    call,
    deadline,
    isSaved,
    mayKeep: task.refresh !== undefined || savedSince !== undefined,
    head: () => headIfPresent(target, options),
    process: () => (task.checkSource ? processCurrent(task, options) : processOnce(task, options)),
    findReasonToKeep: (existing) => findReasonToKeep(existing, task, options),
  };
  const failure = (error: unknown) => {
    const durationMs = now() - startedAt;
    return { status: 'failed', rule, source, target, ...describeError(error), durationMs } as const;
  };
  try {
    const end = await carryOut(task, tools, loadLife);
    switch (end.status) {
      case 'saved':
      case 'submitted':
      case 'failed':
        return { ...end, rule, source, target, durationMs: now() - startedAt };
      case 'skipped':
        return { ...end, rule, source, target };
      case 'unfinished':
        // A step after the save fails by a setting, which somebody may mend, and never by the picture.
        return { ...failure(end.cause), kind: 'transient', isSaved: true };
    }
  } catch (error) {
    return failure(error);
  }
}

/** Does what the task is; anything but a plain save is loaded for it. */
async function carryOut(
  task: SaveTask,
  tools: SaveTools,
  loadLife: SaveOptions['loadLife'],
): Promise<SaveEnd | SubmitEnd> {
  if (task.action === 'submit') {
    return (await loadLife()).submit(task, tools);
  }
  return task.afterSteps === undefined
    ? saveOnly(task, tools)
    : (await loadLife()).saveAndFinish(task, tools);
}

/** Makes an output of which nothing is wanted but the picture. */
const saveOnly: SaveAndFinish = async (_task, { mayKeep, head, process, findReasonToKeep }) => {
  const existing = mayKeep ? await head() : undefined;
  const reason = existing && findReasonToKeep(existing);
  if (reason !== undefined) {
    return { status: 'skipped', reason };
  }
  const { requestId, attempts, sizeBytes } = await process();
  return { status: 'saved', sizeBytes, requestId, attempts };
};

/** Compares a target with its rule, where only what is missing is wanted, or what is older than its source or than `savedSince`. */
function findReasonToKeep(
  { lastModified }: ObjectResult,
  { refresh, version }: SaveTask,
  { savedSince, timeoutMs = 60_000 }: SaveOptions,
): SkipReason | undefined {
  if (refresh === 'missing') {
    return 'target-exists';
  }
  // Last-Modified has whole seconds only.
  const savedAt = lastModified?.getTime();
  if (savedAt !== undefined && savedSince !== undefined && savedAt + 999 >= savedSince) {
    return 'target-exists';
  }
  if (refresh !== 'stale' || savedAt === undefined || version.modifiedAt === undefined) {
    return undefined;
  }
  // An attempt that read the older source may save after the newer one came: within the time that an attempt may take
  // nobody can tell which source a target was made of, and it is made again.
  return savedAt > Date.parse(version.modifiedAt) + timeoutMs ? 'up-to-date' : undefined;
}

/** Asks HEAD for an object; resolves to undefined where there is none. */
async function headIfPresent(object: OssObject, options: SaveOptions): Promise<ObjectResult | undefined> {
  try {
    return await headObject(options.call, { ...object, deadline: options.deadline });
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Processes the source, and once more when the source was replaced meanwhile: of two uploads close together, the older
 * one's result may otherwise be saved last.
 */
async function processCurrent(task: SaveTask, options: SaveOptions): Promise<ProcessResult> {
  let { eTag } = task.version;
  for (let round = 1; round <= maxRounds; round += 1) {
    const result = await processOnce(task, options);
    // A source that has been deleted leaves nothing newer to be made.
    const current = await headIfPresent(task.source, options);
    if (current?.eTag === undefined || current.eTag === eTag) {
      return result;
    }
    eTag = current.eTag;
  }
  const message = `the source was replaced ${maxRounds} times while it was processed`;
  throw processError(task, { code: 'SourceChanging', kind: 'transient', message });
}

/**
 * OSS must say the bucket and key that were asked for: whether it expands `{variables}` in a target key is documented
 * for some operations only, and a result elsewhere than planned is no success. OSS's own empty 200 names neither and
 * is taken as it is (OSS help shows such ones).
 */
async function processOnce(task: SaveTask, { call, deadline }: SaveOptions): Promise<ProcessResult> {
  const { source, target, process } = task;
  const result = await processObject(call, { ...source, process, deadline });
  const { bucket, key, requestId } = result;
  if (key === undefined || (bucket === target.bucket && key === target.key)) {
    return result;
  }
  const message = `asked to save ${formatObject(target)}, OSS says it saved ${formatObject({ bucket, key })}`;
  throw processError(task, { code: 'UnexpectedTarget', kind: 'later', message, requestId });
}

function processError({ source }: SaveTask, failure: RequestFailure): OssRequestError {
  return new OssRequestError({ ...source, operation: 'ProcessObject', attempts: 1 }, failure);
}
