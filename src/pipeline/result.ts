import { isOssError } from '../oss/errors.ts';
import type { OssObject } from '../process.ts';

/** One output of one object under one rule: what a ProcessObject call is made from. */
export interface Task {
  rule: string;
  source: OssObject;
  target: OssObject;
  /** The style with its variables filled in. */
  style: string;
  /** The whole value of `x-oss-process`. */
  process: string;
  refresh?: 'missing' | 'stale' | undefined;
  checkSource?: boolean | undefined;
  /** The version of the source that the event is about. */
  version: { eTag?: string | undefined; modifiedAt?: string | undefined };
}

/** Stable: log queries, alarms and people's scripts rely on these. */
export type SkipReason =
  | 'not-an-object-event'
  | 'upload-in-progress'
  | 'removed'
  | 'not-a-creation'
  | 'symlink'
  | 'directory-marker'
  | 'empty-object'
  | 'no-rule-matched'
  | 'own-output'
  | 'target-exists'
  | 'up-to-date';

export interface SkippedResult {
  status: 'skipped';
  reason: SkipReason;
  eventName?: string;
  source?: OssObject;
  target?: OssObject;
  rule?: string;
}

/** Why something failed: enough to act on and to ask support with, and nothing that was signed. */
export interface Failure {
  /** Whether another attempt later may succeed without anybody changing anything. */
  kind: 'permanent' | 'transient';
  /** OSS's code, or ours: InvalidEvent, InvalidOutput, UnexpectedTarget, SourceChanging, Deadline, or that of a call. */
  code: string;
  message: string;
  statusCode?: number | undefined;
  requestId?: string | undefined;
  ec?: string | undefined;
  attempts?: number | undefined;
}

export interface FailedResult extends Failure {
  status: 'failed';
  source?: OssObject;
  target?: OssObject;
  rule?: string;
  durationMs?: number;
}

export interface SavedResult {
  status: 'saved';
  rule: string;
  source: OssObject;
  target: OssObject;
  /** Size of the saved object, where OSS says it. */
  sizeBytes?: number | undefined;
  requestId: string;
  attempts: number;
  durationMs: number;
}

export type PlannedResult = { status: 'planned' } & Task;

/** What became of one output, or of a record that had none. */
export type Outcome = SavedResult | SkippedResult | FailedResult;

/** The same, or in a dry run what would be done. */
export type Result = Outcome | PlannedResult;

/** `oss://bucket/key`, the way objects are named to people. */
export function formatObject({ bucket, key }: OssObject): string {
  return `oss://${bucket}/${key}`;
}

/** A failure that we, and not OSS, find. */
export class OutputError extends Error {
  override name = 'OutputError';
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** What a result says of an error that an operation, or our own code, threw. */
export function describeError(error: unknown): Failure {
  if (error instanceof OutputError) {
    return error.failure;
  }
  if (!isOssError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'permanent', code: 'Unexpected', message };
  }
  // Running out of time is not OSS's word but ours: another invocation has time again.
  const isOutOfTime = error.code === 'DeadlineExceeded';
  return {
    kind: error.kind === 'permanent' ? 'permanent' : 'transient',
    code: isOutOfTime ? 'Deadline' : error.code,
    message: error.message,
    statusCode: 'statusCode' in error ? error.statusCode : undefined,
    requestId: error.requestId,
    ec: 'ec' in error ? error.ec : undefined,
    attempts: error.context.attempts,
  };
}
