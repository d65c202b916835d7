import type { Target } from '../process/save-as.ts';

/** One output of one object under one rule: what a ProcessObject call is made from. */
export interface Task {
  rule: string;
  source: Target;
  target: Target;
  /** The style with its variables filled in. */
  style: string;
  /** The whole value of `x-oss-process`. */
  process: string;
  refresh?: 'missing' | 'stale';
  checkSource?: true;
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

export interface Skipped {
  status: 'skipped';
  reason: SkipReason;
  eventName?: string;
  source?: Target;
  target?: Target;
  rule?: string;
}

export interface Failed {
  status: 'failed';
  /** Whether another attempt later may succeed without anybody changing anything. */
  kind: 'permanent' | 'transient';
  /** OSS's code, or ours: InvalidEvent, InvalidOutput, UnexpectedTarget, SourceChanging, Deadline, or the client's. */
  code: string;
  message: string;
  source?: Target;
  target?: Target;
  rule?: string;
  statusCode?: number;
  requestId?: string;
  ec?: string;
  attempts?: number;
  durationMs?: number;
}

export interface Saved {
  status: 'saved';
  rule: string;
  source: Target;
  target: Target;
  /** Of the saved object, where OSS says it. */
  sizeBytes?: number | undefined;
  requestId: string;
  attempts: number;
  durationMs: number;
}

export type Planned = { status: 'planned' } & Task;

/** What became of one output, or of a record that had none. */
export type Done = Saved | Skipped | Failed;

/** The same, or in a dry run what would be done. */
export type Result = Done | Planned;

/** `oss://bucket/key`, the way objects are named to people. */
export function formatObject({ bucket, key }: Target): string {
  return `oss://${bucket}/${key}`;
}
