import type { JsonObject } from '../json.ts';

/**
 * One object that something happened to, whatever envelope brought the news. Bucket and key are OSS's own
 * text, taken verbatim: event keys are not URL-encoded (every official consumer uses them as they stand).
 */
export interface ObjectEvent {
  bucket: string;
  key: string;
  /** The name in native events, without EventBridge's `oss:`; `Manual` where a person or flow asks. */
  eventName: string;
  /** ISO 8601 with an offset; absent where the event tells none that can be read. */
  eventTime?: string | undefined;
  /** When the object got the content that the event is about, ISO 8601; a manual event may not say it. */
  modifiedAt?: string | undefined;
  sizeBytes?: number | undefined;
  /** Without quotes. */
  eTag?: string | undefined;
  contentType?: string | undefined;
}

/** The options of the manual event that names an object. */
export interface ManualOptions {
  /** An output in place of the rules, as it came; `path` begins its fields' names in messages: `[1].`. */
  adHoc?: { style: unknown; target: unknown; path: string } | undefined;
  /** Outputs are only planned. */
  dryRun: boolean;
  /** Permanent failures are thrown, whatever the rules say: a task may tell by its error alone. */
  alwaysThrows: boolean;
  /** Outputs that are there already are left as they are. */
  onlyMissing: boolean;
  /** Nothing is made by other rules than those with this digest. */
  rulesDigest?: string | undefined;
}

/** One delivered item, sorted by its kind. A bad item never hides the good ones beside it. */
export type EventRecord = { options?: ManualOptions | undefined } & (
  | { kind: 'object'; event: ObjectEvent }
  /** Understood, but about no object: for example EventBridge's CPU alarm. */
  | { kind: 'other'; eventName: string }
  /** An asynchronous task ended, `imm:Task:MediaConvert` or the like; `content` is IMM's, as it came. */
  | { kind: 'task'; eventName: string; content: JsonObject }
  | { kind: 'malformed'; problem: string }
);

/** The event holds nothing this function can act on; the message says what it would understand. */
export class EventError extends Error {
  override name = 'EventError';
}
