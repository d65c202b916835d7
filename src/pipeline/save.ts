import type { Call } from '../oss/call.ts';
import { isNoSuchKey, isNotFound, OssRequestError, type RequestFailure } from '../oss/errors.ts';
import { headObject, type ObjectResult, type ProcessResult, processObject } from '../oss/operations.ts';
import type { OssObject } from '../process.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import {
  describeError,
  formatObject,
  type Outcome,
  type SaveTask,
  type SkipReason,
  type Task,
  type TaskEnd,
} from './result.ts';

export interface TaskOptions {
  call: Call;
  /** Epoch ms at which work stops, so that time is left to report what was not done. */
  deadlineMs: number;
  now: () => number;
  /** The rules that the task is of. */
  ruleSet: RuleSet;
  /** A target that is there already is left as it is. */
  onlyMissing?: boolean | undefined;
  /** The longest time that one attempt at an output may take. */
  timeoutMs?: number | undefined;
  /** An earlier attempt at the same event has saved the target; what was to follow may have failed. */
  isSaved?: boolean | undefined;
}

/** A source that is replaced faster than it can be processed is left to the next invocation. */
const maxRounds = 3;

/** Carries out one task, as its rule asks for. Never throws: an error becomes the result. */
export async function carryOut(task: Task, options: TaskOptions): Promise<Outcome> {
  const { rule, source, target } = task;
  const startedAtMs = options.now();
  const fail = (error: unknown): TaskEnd => ({ status: 'failed', ...describeError(error) });
  const end = await endOf(task, options).catch(fail);
  const result = { rule, source, target, ...end };
  return result.status === 'skipped' ? result : { durationMs: options.now() - startedAtMs, ...result };
}

/** Does what the task asks for. All but a plain save is loaded for it, since most rules never need it. */
async function endOf(task: Task, options: TaskOptions): Promise<TaskEnd> {
  if (task.action === 'remove') {
    const { remove } = await import('../life/remove.ts');
    return remove(task, options);
  }
  if (task.action === 'save' && task.afterSteps !== undefined) {
    const { saveAndFinish } = await import('../life/after-steps.ts');
    return saveAndFinish(task, options);
  }
  const existing = mayKeep(task, options) ? await headIfPresent(task.target, options) : undefined;
  const reason = existing && findReasonToKeep(existing, task, options);
  if (reason !== undefined) {
    return { status: 'skipped', reason };
  }
  if (task.action === 'submit') {
    const { submit } = await import('../life/submit.ts');
    return submit(task, options);
  }
  const { sizeBytes, requestId, attempts } = await processSource(task, options);
  return { status: 'saved', sizeBytes, requestId, attempts };
}

/** Whether some targets are left as they are, so that each has to be looked at. */
export function mayKeep({ refresh }: SaveTask, { onlyMissing }: TaskOptions): boolean {
  return refresh !== undefined || onlyMissing === true;
}

/** Why a target stays: only a missing one is wanted, or it is newer than its source. */
export function findReasonToKeep(
  { lastModified }: ObjectResult,
  { refresh, version }: SaveTask,
  { onlyMissing, timeoutMs = 0 }: TaskOptions,
): SkipReason | undefined {
  if (refresh === 'missing' || onlyMissing === true) {
    return 'target-exists';
  }
  const savedAtMs = lastModified?.getTime();
  if (refresh !== 'stale' || savedAtMs === undefined || version.modifiedAt === undefined) {
    return undefined;
  }
  // An attempt that read the older source may save after the newer one came: within the time that an attempt
  // may take nobody can tell which source a target was made of, and it is made again.
  return savedAtMs > Date.parse(version.modifiedAt) + Math.max(timeoutMs, 60_000) ? 'up-to-date' : undefined;
}

/** Asks HEAD for an object; resolves to undefined where the error means that there is none. */
export async function headIfPresent(
  object: OssObject,
  { call, deadlineMs }: TaskOptions,
  isMissing = isNotFound,
): Promise<ObjectResult | undefined> {
  try {
    return await headObject(call, { deadlineMs, ...object });
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

/** Whether OSS has a task's source; only its own NoSuchKey says no. Throws where nobody can tell. */
export async function hasSource({ source }: Task, options: TaskOptions): Promise<boolean> {
  return (await headIfPresent(source, options, isNoSuchKey)) !== undefined;
}

/**
 * Processes the source, and where the rule asks for it once more when the source was replaced meanwhile: of
 * two close uploads, the older one's result may otherwise be saved last. Throws what a call to OSS throws.
 */
export async function processSource(task: SaveTask, options: TaskOptions): Promise<ProcessResult> {
  const { source, process } = task;
  let { eTag } = task.version;
  let attempts = 0;
  for (let round = 1; round <= maxRounds; round += 1) {
    const result = await processObject(options.call, { process, deadlineMs: options.deadlineMs, ...source });
    attempts += result.attempts;
    result.attempts = attempts;
    assertSaved(task, result);
    // A source that has been deleted leaves nothing newer to be made.
    const current = task.checkSource ? await headIfPresent(source, options, isNoSuchKey) : undefined;
    if (current?.eTag === undefined || current.eTag === eTag) {
      return result;
    }
    eTag = current.eTag;
  }
  const message = `the source was replaced ${maxRounds} times while it was processed`;
  throw processError(task, attempts, { code: 'SourceChanging', kind: 'transient', message });
}

/**
 * OSS must say the bucket and key that were asked for: whether it expands `{variables}` in a target key is
 * documented for some operations only, and a result elsewhere than planned is no success. OSS's own empty 200
 * names neither and is taken as it is (OSS help shows such ones).
 */
function assertSaved(task: SaveTask, { bucket, key, requestId, attempts }: ProcessResult): void {
  if (key !== undefined && (bucket !== task.target.bucket || key !== task.target.key)) {
    const [asked, saved] = [formatObject(task.target), formatObject({ bucket, key })];
    const message = `asked to save ${asked}, OSS says it saved ${saved}`;
    throw processError(task, attempts, { code: 'UnexpectedTarget', kind: 'later', message, requestId });
  }
}

function processError({ source }: SaveTask, attempts: number, failure: RequestFailure): OssRequestError {
  return new OssRequestError({ ...source, operation: 'ProcessObject', attempts }, failure);
}
