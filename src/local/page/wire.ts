/** The messages between the page and its server, and functions that both need. */

import type { Diagnostic } from '../../check/diagnostic.ts';
import type { OssObject } from '../../process.ts';

/** An output that the rules want, known before it is made. */
export interface PlannedOutput {
  rule: string;
  target: OssObject;
  /** The whole value of `x-oss-process`. */
  process: string;
  /** The same with its Base64 values decoded. */
  decoded: string;
}

/** One thing that happened in the local stack; entries are in the order in which things happened. */
export type Entry = { id: number; timeMs: number } & EntryContent;

export type EntryContent =
  | { kind: 'event'; object: OssObject; eventName: string; sizeBytes: number }
  | {
      kind: 'delivery';
      invocationId: string;
      object: OssObject;
      outputs: PlannedOutput[];
      /** The reason why the rules want nothing. */
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
  /** The end of an invocation, after all attempts. */
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

/** The objects of a bucket whose keys begin with `prefix`. */
export interface Folder {
  bucket: string;
  prefix: string;
}

/** The state that the page shows everywhere. */
export interface PageState {
  /** Sent with every request that changes something. */
  token: string;
  buckets: string[];
  /** The folder for dropped pictures, whose objects a rule takes. */
  upload: Folder;
  /** Set while the file is broken: the function keeps the last valid rules. */
  rulesProblem?: string | undefined;
  deadLetters: number;
  /** The names of the faults that are switched on. */
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
  /** The headers of HeadObject. */
  headers: Record<string, string>;
  picture?: { width: number; height: number } | undefined;
}

/** An object, if it exists, and what happened to it. */
export interface ObjectStory {
  details?: ObjectDetails | undefined;
  history: Entry[];
}

export interface DeadLetter {
  file: string;
  /** Absent, like the other optional fields, if the file is damaged. */
  time?: string | undefined;
  attempts?: number | undefined;
  object?: OssObject | undefined;
  error: string;
}

/** Whether two names are of the same object. */
export function isSame(one: OssObject, other: OssObject): boolean {
  return one.bucket === other.bucket && one.key === other.key;
}

/** Whether an entry is about the object, as a source or as a target. */
export function isAbout(entry: Entry, object: OssObject): boolean {
  const names = ['object' in entry ? entry.object : undefined, 'target' in entry ? entry.target : undefined];
  return names.some((name) => name !== undefined && isSame(name, object));
}

/** Judges by the declared type. SVG does not count as a picture here, because it may contain scripts. */
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

/** Rule `next` takes what `rule` writes; in a loop, a chain leads back. */
export interface RuleChain {
  rule: string;
  next: string;
  isLoop: boolean;
}

/** The checker's answer about a text that may not be saved yet. */
export interface RulesCheck {
  diagnostics: Diagnostic[];
  rules: RuleSummary[];
  chains: RuleChain[];
  /** For each loop, an example key for every step. */
  cycles: { rule: string; key: string }[][];
}
