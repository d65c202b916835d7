/** The fields of an OSS event record that a trigger looks at. */
export interface TriggerRecord {
  eventName: string;
  oss: { bucket: { name: string }; object: { key: string } };
}

/** A native OSS trigger, worded as in `s.yaml`: event types with their `oss:` prefix, literal key prefix and suffix. */
export interface OssTrigger {
  /** Left out: every bucket. A real trigger belongs to one bucket; several here stand for several triggers. */
  buckets?: readonly string[];
  events: readonly string[];
  prefix: string;
  suffix: string;
}

/**
 * Whether `trigger` delivers `record` to its function. Records name an event without the `oss:` of the trigger's
 * configuration; `oss:ObjectCreated:*` takes the events of a multipart upload's parts too (OSS help: "OSS trigger
 * overview"). Prefix and suffix hold no wildcards and may overlap each other in a short key.
 */
export function matchesTrigger(record: TriggerRecord, trigger: OssTrigger): boolean {
  const { bucket, object } = record.oss;
  return (
    (trigger.buckets === undefined || trigger.buckets.includes(bucket.name)) &&
    trigger.events.some((eventType) => matchesEventType(`oss:${record.eventName}`, eventType)) &&
    object.key.startsWith(trigger.prefix) &&
    object.key.endsWith(trigger.suffix)
  );
}

function matchesEventType(actual: string, wanted: string): boolean {
  return wanted.endsWith(':*') ? actual.startsWith(wanted.slice(0, -1)) : actual === wanted;
}
