/**
 * One object that something happened to, whatever envelope told us. Bucket and key are OSS's own text, taken
 * verbatim: event keys are not URL-encoded (every official consumer uses them as they stand).
 */
export interface ObjectEvent {
  bucket: string;
  key: string;
  /** As in native events, without EventBridge's `oss:` prefix; `Manual` where a person or flow named the object. */
  eventName: string;
  /** ISO 8601; where the event brings none (manual ones never do) the time of the invocation. */
  eventTime: string;
  /** When the object got the content that the event is about, ISO 8601; unknown for manual events. */
  modifiedAt?: string;
  sizeBytes?: number;
  /** Without quotes. */
  eTag?: string;
  contentType?: string;
}
