/** The messages between the page and its server, and what both sides ask of them. */

import type { Diagnostic } from '../../check/diagnostic.ts';
import type { OssObject } from '../../process.ts';

/** An output that the rules ask for, known before it is made. */
export interface PlannedOutput {
  rule: string;
  target: OssObject;
  /** The whole value of `x-oss-process`. */
  process: string;
  /** The same with its Base64 values as text. */
  decoded: string;
}

/** One thing that happened in the local stack, told in the order in which it happened. */
export type Entry = { id: number; timeMs: number } & EntryContent;

export type EntryContent =
  | { kind: 'event'; object: OssObject; eventName: string; sizeBytes: number }
  | {
      kind: 'delivery';
      invocationId: string;
      object: OssObject;
      outputs: PlannedOutput[];
      /** Why the rules ask for nothing. */
      reason?: string | undefined;
    }
  | ResultEntry
  | {
      kind: 'retry';
      invocationId: string;
      object?: OssObject | undefined;
      attempts: number;
      retryInMs: number;
      error: string;
    }
  /** The end of an invocation, all attempts together. */
  | {
      kind: 'outcome';
      invocationId: string;
      object?: OssObject | undefined;
      status: 'succeeded' | 'failed';
      attempts: number;
      durationMs: number;
      billedMs: number;
      error?: string | undefined;
    }
  | {
      kind: 'log';
      invocationId?: string | undefined;
      object?: OssObject | undefined;
      level: string;
      text: string;
    }
  | { kind: 'rules' };

/** The outcome of one output, read from the function's own log. */
export interface ResultEntry {
  kind: 'result';
  invocationId: string;
  status: 'saved' | 'removed' | 'submitted' | 'skipped' | 'failed';
  object: OssObject;
  target?: OssObject | undefined;
  rule?: string | undefined;
  reason?: string | undefined;
  message?: string | undefined;
  sizeBytes?: number | undefined;
  durationMs?: number | undefined;
}

/** The objects of a bucket whose keys begin so. */
export interface Folder {
  bucket: string;
  prefix: string;
}

/** The state that the page shows wherever the person is. */
export interface PageState {
  /** Goes with whatever changes anything. */
  token: string;
  buckets: string[];
  /** The folder into which dropped pictures go, so that a rule takes them. */
  upload: Folder;
  /** Set while the file is broken: the function keeps the last good rules. */
  rulesProblem?: string | undefined;
  deadLetters: number;
  /** Names of the failures that are switched on. */
  faults: string[];
}

export interface ObjectSummary extends OssObject {
  sizeBytes: number;
  eTag: string;
  contentType: string;
  lastModifiedMs: number;
}

export interface ObjectList {
  objects: ObjectSummary[];
  /** Whether more follow. */
  isTruncated: boolean;
}

export interface ObjectDetails extends ObjectSummary {
  /** Headers as HeadObject answers them. */
  headers: Record<string, string>;
  picture?: { width: number; height: number } | undefined;
}

/** An object as it is, if it is there, and what happened to it. */
export interface ObjectStory {
  details?: ObjectDetails | undefined;
  history: Entry[];
}

export interface DeadLetter {
  file: string;
  /** Absent where the file is damaged, as is all that it would tell. */
  time?: string | undefined;
  attempts?: number | undefined;
  object?: OssObject | undefined;
  error: string;
}

/** Whether two names are of the same object. */
export function isSame(one: OssObject, other: OssObject): boolean {
  return one.bucket === other.bucket && one.key === other.key;
}

/** Whether something was made of the object, or it was made. */
export function isAbout(entry: Entry, object: OssObject): boolean {
  const names = ['object' in entry ? entry.object : undefined, 'target' in entry ? entry.target : undefined];
  return names.some((name) => name !== undefined && isSame(name, object));
}

/** By what it says of itself; SVG is no picture here, because it may carry scripts. */
export function isPicture(contentType: string): boolean {
  return contentType.startsWith('image/') && !contentType.startsWith('image/svg');
}

/** The text of rules.yaml, and the version that a save is based on. */
export interface RulesText {
  file: string;
  text: string;
  version: string;
}

/** The keys that a rule takes and writes, as its author wrote them. */
export interface RuleSummary {
  name: string;
  takes: string[];
  writes: string[];
}

/** Rule `next` takes what `rule` writes; in a loop, something leads back. */
export interface RuleChain {
  rule: string;
  next: string;
  isLoop: boolean;
}

/** The checker's answer about a text that may be on no disk yet. */
export interface RulesCheck {
  diagnostics: Diagnostic[];
  rules: RuleSummary[];
  chains: RuleChain[];
  /** For each loop an object key for every step. */
  cycles: { rule: string; key: string }[][];
}
