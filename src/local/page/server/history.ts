import { fieldsOf, parseJson, textOf } from '../../../json.ts';
import type { OssObject } from '../../../process.ts';
import type { StackEvent } from '../../stack-events.ts';
import { type Entry, type EntryContent, isAbout, type PlannedOutput } from '../wire.ts';

/** The outputs that the rules want of the object that an event is about. */
export interface EventPlan {
  object: OssObject;
  outputs: PlannedOutput[];
  reason?: string | undefined;
}

/** At least this many entries are kept; the oldest are dropped first. */
const maxEntries = 20_000;

export type History = ReturnType<typeof createHistory>;

/**
 * Records everything that happens after the stack's start as entries that people can read. `plan` tells what
 * the rules want of an event that the function receives; `now` returns the time in epoch ms.
 */
export function createHistory(plan: (event: unknown) => EventPlan[], now: () => number) {
  let entries: Entry[] = [];
  let lastId = now(); // Higher than the ids of an earlier process, which an open page may still send.
  const objectOf = (invocationId: string) => {
    const entry = entries.findLast((one) => one.kind === 'delivery' && one.invocationId === invocationId);
    return entry?.kind === 'delivery' ? entry.object : undefined;
  };

  function take(event: StackEvent): Entry[] {
    const contents = describe(event, plan, objectOf);
    const added = contents.map((content): Entry => {
      lastId += 1;
      return { id: lastId, timeMs: now(), ...content };
    });
    entries.push(...added);
    if (entries.length > 2 * maxEntries) {
      entries = entries.slice(-maxEntries);
    }
    return added;
  }

  return {
    /** Records an event of the stack as none, one or several entries, and returns them. */
    take,
    after: (id: number) => entries.filter((entry) => entry.id > id),
    lastId: () => lastId,
    /** All entries about one object, as a source or as a target. */
    about: (object: OssObject) => entries.filter((entry) => isAbout(entry, object)),
  };
}

function describe(
  event: StackEvent,
  plan: (event: unknown) => EventPlan[],
  objectOf: (invocationId: string) => OssObject | undefined,
): EntryContent[] {
  switch (event.type) {
    case 'object': {
      const { eventName, oss } = event.record;
      const object = { bucket: oss.bucket.name, key: oss.object.key };
      return [{ kind: 'event', eventName, object, sizeBytes: oss.object.size }];
    }
    case 'delivery':
      return plan(event.event).map((planned) => ({
        kind: 'delivery',
        invocationId: event.requestId,
        ...planned,
      }));
    case 'retry': {
      const { requestId: invocationId, attempts, retryInMs, error } = event;
      const object = objectOf(invocationId);
      return [{ kind: 'retry', invocationId, object, attempts, retryInMs, error: error.errorMessage }];
    }
    case 'outcome':
      return [describeOutcome(event, objectOf(event.requestId))];
    case 'log':
      return describeLine(event, objectOf);
    case 'rules':
      return [{ kind: 'rules' }];
  }
}

type EventOf<Type extends StackEvent['type']> = Extract<StackEvent, { type: Type }>;

function describeOutcome(
  { requestId, outcome }: EventOf<'outcome'>,
  object: OssObject | undefined,
): EntryContent {
  const { attempts, durationMs, billedMs, result } = outcome;
  const error = result.status === 'failed' ? result.error.errorMessage : undefined;
  const end = { attempts, durationMs, billedMs, status: result.status, error };
  return { kind: 'outcome', invocationId: requestId, object, ...end };
}

/** A line that the function wrote: as a result if it is one, otherwise as it is. */
function describeLine(
  { level, message, fields }: EventOf<'log'>,
  objectOf: (invocationId: string) => OssObject | undefined,
): EntryContent[] {
  if (message !== 'function output' || typeof fields.line !== 'string') {
    return [];
  }
  const invocationId = String(fields.requestId);
  const result = readResult(fields.line);
  if (result !== undefined) {
    return [{ kind: 'result', invocationId, ...result }];
  }
  return [{ kind: 'log', invocationId, object: objectOf(invocationId), level, text: fields.line }];
}

const statuses = ['saved', 'removed', 'submitted', 'skipped', 'failed'] as const;

function readResult(line: string) {
  const fields = fieldsOf(parseJson(line));
  const object = nameOf(fields.bucket, fields.key);
  const status = statuses.find((known) => known === fields.status);
  if (object === undefined || status === undefined) {
    return undefined;
  }
  return {
    status,
    object,
    target: nameOf(fields.targetBucket, fields.targetKey),
    rule: textOf(fields.rule),
    reason: textOf(fields.reason),
    message: textOf(fields.error),
    sizeBytes: numberOf(fields.sizeBytes),
    durationMs: numberOf(fields.durationMs),
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function nameOf(bucket: unknown, key: unknown): OssObject | undefined {
  return typeof bucket === 'string' && typeof key === 'string' ? { bucket, key } : undefined;
}
