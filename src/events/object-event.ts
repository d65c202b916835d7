/**
 * One object that something happened to, whatever envelope brought the news. Bucket and key are OSS's own text, taken verbatim:
 * event keys are not URL-encoded (every official consumer uses them as they stand).
 */
export interface ObjectEvent {
  bucket: string;
  key: string;
  /** The name that native events use, without EventBridge's `oss:`; `Manual` where a person or flow named the object. */
  eventName: string;
  /** ISO 8601; where the event brings none (manual ones never do) the time of the invocation. */
  eventTime: string;
  /** When the object got the content that the event is about, ISO 8601; unknown for manual events. */
  modifiedAt?: string | undefined;
  sizeBytes?: number | undefined;
  /** Without quotes. */
  eTag?: string | undefined;
  contentType?: string | undefined;
}

/** One delivered item, sorted by its kind. A bad item never hides the good ones beside it. */
export type EventRecord =
  | { kind: 'object'; event: ObjectEvent }
  /** Understood, but about no object: for example EventBridge's CPU alarm. */
  | { kind: 'other'; eventName: string }
  | { kind: 'malformed'; problem: string };

/** The event holds nothing this function can act on; the message says what it would understand. */
export class EventError extends Error {
  override name = 'EventError';
}
