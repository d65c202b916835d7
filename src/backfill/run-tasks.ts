import { createHash } from 'node:crypto';
import type { Item } from './journal.ts';
import type { JournalState } from './journal-file.ts';
import { type BackfillOptions, makeOutputs } from './run-objects.ts';
import { selectOutputs } from './select.ts';
import type { ExistingObject, Position } from './source.ts';
import type { TaskClient } from './task-client.ts';

interface RunTasksOptions extends BackfillOptions {
  client: TaskClient;
  savedSince: number;
}

/** The outputs of one batch: half of those that a function with CONCURRENCY 2 makes in its 60 s, at a second each. */
export const maxOutputs = 50;

/** Function Compute takes 128 KB (FC help: "Limits"). */
const maxPayloadBytes = 120_000;

/** Objects of which no rule takes any are also a batch, so that the journal's position moves on. */
const maxObjects = 10_000;

/** Batches that wait or run: at 50 calls/s work for 17 minutes, at 5 for 3 hours. Events live for days. */
const maxBatchesAhead = 1_000;

/** Between looks at what became of the batches: soon at first, so that a small backfill ends soon. */
const [firstPollMs, lastPollMs] = [250, 20_000];

const activeStates = ['Enqueued', 'Dequeued', 'Running', 'Retrying', 'Stopping'];

/** Objects next to each other in the source. */
interface Batch {
  position: Position;
  objects: number;
  skipped: Record<string, number>;
  selected: ExistingObject[];
  outputs: number;
  /** The part of the outputs that OSS makes later. */
  submitted: number;
  payloadBytes: number;
}

/** The batches that were handed over and not yet accounted for, by task id. */
type BatchesUnderWay = Map<string, { batch: Batch; item: Item }>;

/**
 * Hands objects to the deployed function in batches, as asynchronous tasks, and follows them to their end. A batch has
 * an id by its content, so that Function Compute refuses one that it already has; within a batch the function leaves
 * outputs alone that were saved since the backfill began. Settles as `runObjects` does, but on `stop` at once: what
 * was handed over goes on, and the next run follows it.
 */
export async function runTasks(options: RunTasksOptions): Promise<void> {
  const { journal, client, stop } = options;
  const submitted: BatchesUnderWay = new Map();
  let pollMs = firstPollMs;
  const followUntilFewerThan = async (count: number) => {
    while (submitted.size >= count && !stop.aborted) {
      await options.sleep(pollMs);
      pollMs = Math.min(lastPollMs, pollMs * 2);
      await account(submitted, options);
    }
  };
  for await (const batch of batches(options)) {
    if (stop.aborted || journal.isAtEnd()) {
      break;
    }
    const { position, objects, selected, skipped } = batch;
    const item = journal.begin(position, { objects, selected: selected.length, skipped });
    const payload = payloadOf(selected, options);
    const taskId = `${taskPrefix(journal.state)}${createHash('sha256').update(payload).digest('hex').slice(0, 24)}`;
    if (selected.length === 0 || journal.recall(item, taskId) !== undefined) {
      journal.end(item);
    } else {
      await client.submit(taskId, payload);
      submitted.set(taskId, { batch, item });
      await followUntilFewerThan(maxBatchesAhead);
    }
  }
  await followUntilFewerThan(1);
}

/** The ids of one backfill's tasks begin with it; a backfill that is begun anew has another one. */
function taskPrefix({ startedAt }: JournalState): string {
  return `backfill-${startedAt.replace(/\D/g, '')}-`;
}

async function* batches({ source, ruleSet, filter, journal }: RunTasksOptions): AsyncIterable<Batch> {
  let batch: Batch | undefined;
  for await (const { object, position } of source.read(journal.state.position)) {
    if (object.target !== undefined) {
      throw new Error('a list of failures is for this machine: leave out --via function.');
    }
    const { outputs, skipped } = selectOutputs(object, ruleSet, filter);
    const bytes = Buffer.byteLength(JSON.stringify(object)) + 32;
    if (batch !== undefined && isFull(batch, outputs.length, bytes)) {
      yield batch;
      batch = undefined;
    }
    batch ??= { position, objects: 0, skipped: {}, selected: [], outputs: 0, submitted: 0, payloadBytes: 0 };
    batch.position = position;
    batch.objects += 1;
    if (skipped === undefined) {
      batch.selected.push(object);
      batch.outputs += outputs.length;
      batch.submitted += outputs.filter((one) => one.status === 'planned' && one.action === 'submit').length;
      batch.payloadBytes += bytes;
    } else {
      batch.skipped[skipped] = (batch.skipped[skipped] ?? 0) + 1;
    }
  }
  if (batch !== undefined) {
    yield batch;
  }
}

function isFull({ objects, outputs, payloadBytes }: Batch, moreOutputs: number, moreBytes: number): boolean {
  const hasOutputs = outputs > 0 && outputs + moreOutputs > maxOutputs;
  return hasOutputs || objects >= maxObjects || payloadBytes + moreBytes > maxPayloadBytes;
}

/** The event for a batch. */
function payloadOf(objects: readonly ExistingObject[], { savedSince }: RunTasksOptions): string {
  return JSON.stringify({
    savedSince: new Date(savedSince).toISOString(),
    objects: objects.map(({ bucket, key, sizeBytes: size, eTag, modifiedAt: lastModified }) => {
      return { bucket, key, size, eTag, lastModified };
    }),
  });
}

/** Accounts for the batches that are no longer under way. What a failed or stopped one has left is made from here. */
async function account(submitted: BatchesUnderWay, options: RunTasksOptions): Promise<void> {
  const { client, journal } = options;
  const active = await listActive(client, journal.state);
  for (const [taskId, { batch, item }] of [...submitted].filter(([id]) => !active.has(id))) {
    const status = await client.statusOf(taskId);
    if (activeStates.includes(status)) {
      continue;
    }
    if (status === 'Succeeded') {
      const { outputs, submitted: tasks } = batch;
      journal.record(item, { status: 'saved', source: taskId, outputs, submitted: tasks || undefined });
    }
    for (const object of status === 'Succeeded' ? [] : batch.selected) {
      await makeOutputs(object, item, options);
    }
    journal.end(item);
    submitted.delete(taskId);
  }
}

async function listActive(client: TaskClient, state: JournalState): Promise<Set<string>> {
  const lists = await Promise.all(activeStates.map((status) => client.list(taskPrefix(state), status)));
  return new Set(lists.flat());
}

/** Stops every batch of a backfill that waits or runs, and answers how many these are. */
export async function stopTasks(client: TaskClient, state: JournalState): Promise<number> {
  const active = await listActive(client, state);
  for (const taskId of active) {
    await client.stop(taskId);
  }
  return active.size;
}
