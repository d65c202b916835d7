import type { JsonObject } from '../json.ts';
import type { Call } from '../oss/call.ts';
import type { ObjectResult, ProcessResult } from '../oss/operations.ts';
import type { Rule } from '../rules/rule-set.ts';
import type {
  Failure,
  Outcome,
  RemovedResult,
  RemoveTask,
  SavedResult,
  SaveResult,
  SaveTask,
  SkipReason,
  SubmittedResult,
} from './result.ts';

/**
 * The part of the function that lies in a file of its own (`life.js`), since most rules never need it. It shares no class
 * with the rest, so it is handed what it works with, and its results are plain data.
 */
export interface Life {
  saveAndFinish: SaveAndFinish;
  /** Hands an output to OSS as an asynchronous task. Throws what a call to OSS throws. */
  submit: (task: SaveTask, tools: SaveTools) => Promise<SubmitEnd>;
  /** Tells how an output ended whose task did; `content` is that of IMM's message. */
  outcomeOfTask: (eventName: string, content: JsonObject, rules: readonly Rule[]) => Outcome;
  removeTarget: RemoveTarget;
}

/** Makes an output and gives it what its rule asks for beside the picture. Throws where it was not made. */
export type SaveAndFinish = (task: SaveTask, tools: SaveTools) => Promise<SaveEnd>;

export interface SaveTools {
  call: Call;
  deadline: number;
  /** The target was saved by an earlier attempt at this very event. */
  isSaved: boolean;
  /** Some targets are to be left as they are, so that this one has to be looked at. */
  mayKeep: boolean;
  /** Asks for the target; undefined where there is none. */
  head: () => Promise<ObjectResult | undefined>;
  /** Has OSS make the target. */
  process: () => Promise<ProcessResult>;
  /** Says why the rule wants a target left as it is. */
  findReasonToKeep: (existing: ObjectResult) => SkipReason | undefined;
}

/** How a task ends; `unfinished` is saved, and what was to follow threw `cause`. */
export type SaveEnd =
  | { status: 'skipped'; reason: SkipReason }
  | { status: 'unfinished'; cause: unknown }
  | Pick<SavedResult, 'status' | 'sizeBytes' | 'requestId' | 'attempts'>;

export type SubmitEnd =
  | { status: 'skipped'; reason: SkipReason }
  | Pick<SubmittedResult, 'status' | 'taskId' | 'requestId' | 'attempts'>
  | ({ status: 'failed' } & Failure);

/** Deletes a target whose source is gone. Throws where it was not deleted. */
export type RemoveTarget = (task: RemoveTask, tools: RemoveTools) => Promise<RemoveEnd>;

interface RemoveTools {
  call: Call;
  deadline: number;
  /** Whether OSS has the source; throws where it does not say so in its own words. */
  hasSource: () => Promise<boolean>;
  /** Makes the target where it is missing; undefined where the rule wants none of the source as it is now. */
  restore: () => Promise<SaveResult | undefined>;
}

export type RemoveEnd =
  | SaveResult
  | { status: 'skipped'; reason: SkipReason }
  | Pick<RemovedResult, 'status' | 'requestId' | 'attempts'>;
