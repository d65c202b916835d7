/**
 * One object that something happened to, whatever envelope told us. Bucket and key are OSS's own text, taken verbatim:
 * event keys are not URL-encoded (every official consumer uses them as they stand).
 */
export interface ObjectEvent {
  bucket: string;
  key: string;
  /** As in native events, without EventBridge's `oss:` prefix; `Manual` where a person or flow named the object. */
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

/** What one delivered item turned out to be. A bad item never hides the good ones beside it. */
export type EventRecord =
  | { kind: 'object'; event: ObjectEvent }
  /** Understood, but about no object: for example EventBridge's CPU alarm. */
  | { kind: 'other'; eventName: string }
  | { kind: 'malformed'; problem: string };
