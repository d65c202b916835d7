import { isOssError } from '../oss/errors.ts';
import type { OssObject } from '../process.ts';
import type { AfterSteps } from '../rules/rule-set.ts';

/** The rule and the objects of a task. */
interface Subject {
  rule: string;
  source: OssObject;
  target: OssObject;
}

/** The same for what led to no task, as far as it is known. */
type PartialSubject = { [Name in keyof Subject]?: Subject[Name] | undefined };

/** One output of one object under one rule: what a call is made from, and what follows it. */
export interface SaveTask extends Subject {
  /** Made at once, or by a task that OSS accepts. */
  action: 'save' | 'submit';
  /** The style with its variables filled in. */
  style: string;
  /** The whole value of `x-oss-process`, or of `x-oss-async-process`. */
  process: string;
  refresh?: 'missing' | 'stale' | undefined;
  checkSource?: boolean | undefined;
  /** Deleted with its source. */
  onRemove?: 'delete' | undefined;
  afterSteps?: AfterSteps | undefined;
  /** The version of the source that the event is about. */
  version: { eTag?: string | undefined; modifiedAt?: string | undefined; sizeBytes?: number | undefined };
  /** ISO 8601: when the upload raised its event. Absent where a person or a backfill asks. */
  raisedAt?: string | undefined;
}

/** One target to be deleted, since its source was. */
export interface RemoveTask extends Subject {
  action: 'remove';
}

export type Task = SaveTask | RemoveTask;

/** Stable: log queries, alarms and people's scripts rely on these. */
export type SkipReason =
  | 'not-an-object-event'
  | 'upload-in-progress'
  | 'removed'
  | 'source-exists'
  | 'not-a-creation'
  | 'symlink'
  | 'directory-marker'
  | 'empty-object'
  | 'no-rule-matched'
  | 'own-output'
  | 'target-exists'
  | 'already-saved'
  | 'up-to-date'
  | 'larger-than-source'
  | 'already-submitted'
  | 'foreign-task'
  | 'task-unfinished';

/** Why something failed: enough to act on and to ask support with, and nothing that was signed. */
interface Failure {
  /** Permanent: event, rule, style or picture is wrong. All else may heal, by itself or by a setting. */
  kind: 'permanent' | 'transient';
  /**
   * OSS's code, or that of a call, or ours: InvalidEvent, InvalidOutput, TooManyOutputs, UnexpectedTarget,
   * SourceChanging, Deadline, archived, TaskFailed, Unexpected.
   */
  code: string;
  message: string;
  statusCode?: number | undefined;
  requestId?: string | undefined;
  ec?: string | undefined;
  attempts?: number | undefined;
}

interface SkippedResult extends PartialSubject {
  status: 'skipped';
  reason: SkipReason;
  eventName?: string;
}

export interface FailedResult extends PartialSubject, Failure {
  status: 'failed';
  durationMs?: number;
  /** The target was saved; what was to follow failed, and is all that a repetition does. */
  isSaved?: boolean | undefined;
  /** The asynchronous task that failed. */
  taskId?: string | undefined;
}

/** A task that OSS has carried out. */
interface DoneResult extends Subject {
  /** `removed`: the target is gone, as its source is. `submitted`: OSS tells later how the task ended. */
  status: 'saved' | 'removed' | 'submitted';
  requestId?: string | undefined;
  attempts: number;
  durationMs: number;
  /** Size of the saved object, where OSS says it. */
  sizeBytes?: number | undefined;
  /** The asynchronous task that saved it, or is to. */
  taskId?: string | undefined;
}

/** A task of a plan; `action` says which. */
type PlannedResult = { status: 'planned' } & Task;
export type PlannedSave = { status: 'planned' } & SaveTask;

/** The end of one output, or of a record that had none. */
export type Outcome = DoneResult | SkippedResult | FailedResult;

type BareResult<R> = R extends Outcome ? Omit<R, keyof Subject | 'durationMs'> : never;

/** The end of a task, without what the task itself tells. */
export type TaskEnd = BareResult<Outcome>;

/** An entry of a plan: a task, or something that needs none. */
export type PlanItem = PlannedResult | SkippedResult | FailedResult;

/** An entry of a report: an outcome, or in a dry run a task. */
export type Result = Outcome | PlannedResult;

/** `oss://bucket/key`, the way objects are named to people. */
export function formatObject({ bucket, key }: OssObject): string {
  return `oss://${bucket}/${key}`;
}

const outcomeCodes: Readonly<Record<string, string>> = {
  // Running out of time is not OSS's word but ours: another invocation has time again.
  DeadlineExceeded: 'Deadline',
  // An object of an archive class has to be restored before it can be processed (OSS help, EC 0016-00000404).
  InvalidObjectState: 'archived',
};

/** Describes, for a result, an error that an operation or our own code threw. */
export function describeError(error: unknown): Failure {
  if (!isOssError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'transient', code: 'Unexpected', message };
  }
  const { kind, code, message, requestId, context } = error;
  return {
    kind: kind === 'permanent' ? 'permanent' : 'transient',
    code: outcomeCodes[code] ?? code,
    message,
    statusCode: 'statusCode' in error ? error.statusCode : undefined,
    requestId,
    ec: 'ec' in error ? error.ec : undefined,
    attempts: context.attempts,
  };
}
