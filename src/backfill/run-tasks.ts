import { createHash } from 'node:crypto';
import type { Call } from '../oss/call.ts';
import { isNotFound } from '../oss/errors.ts';
import { headObject } from '../oss/operations.ts';
import { formatObject, type Task } from '../pipeline/result.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Item, Journal } from './journal.ts';
import type { JournalState } from './journal-file.ts';
import { type Filter, selectTasks } from './select.ts';
import type { Position, Source, StoredObject } from './source.ts';
import type { TaskClient } from './task-client.ts';

export interface RunTasksOptions {
  source: Source;
  behind?: Position | undefined;
  ruleSet: RuleSet;
  filter: Filter;
  journal: Journal;
  client: TaskClient;
  /** ISO 8601: outputs that were saved since then are left as they are. */
  savedSince: string;
  /** For HEAD requests, where a batch failed. */
  call: Call;
  /** Nothing is handed over once so many objects were selected. */
  endsAt: number;
  stop: AbortSignal;
  sleep: (delayMs: number) => Promise<unknown>;
}

/** Of a batch: half of what a function with CONCURRENCY 2 makes in its 60 s, at a second each. */
export const maxOutputs = 50;

/** Function Compute takes 128 KB (FC help: "Limits"). */
const maxPayloadBytes = 120_000;

/** Objects of which no rule takes any are also a batch, so that the journal's position moves on. */
const maxObjects = 10_000;

/** Batches that wait or run: at 50 calls/s work for 17 minutes, at 5 for 3 hours. Events live for a day. */
const maxBatchesAhead = 1_000;

/** Between looks at what became of the batches: soon at first, so that a small backfill ends soon. */
const [firstPollMs, lastPollMs] = [250, 20_000];

const activeStates = ['Enqueued', 'Dequeued', 'Running', 'Retrying', 'Stopping'];

/** Objects next to each other in the source. */
interface Batch {
  position: Position;
  objects: number;
  skipped: Record<string, number>;
  selected: StoredObject[];
  tasks: Task[];
  payloadBytes: number;
}

/**
 * Hands objects to the deployed function in batches, as asynchronous tasks, and follows them to their end. A batch has
 * an id by its content, so that Function Compute refuses one that it already has; within a batch the function leaves
 * outputs alone that were saved since the backfill began. Resolves as `runObjects` does, but on `stop` at once: what
 * was handed over goes on, and the next run follows it.
 */
export async function runTasks(options: RunTasksOptions): Promise<void> {
  const { source, behind, journal, client, endsAt, stop } = options;
  const submitted: Submitted = new Map();
  let pollMs = firstPollMs;
  const wait = async () => {
    await options.sleep(pollMs);
    pollMs = Math.min(lastPollMs, pollMs * 2);
    await account(submitted, options);
  };
  for await (const batch of batches(source.read(behind), options)) {
    if (stop.aborted || journal.total.selected >= endsAt) {
      break;
    }
    const { position, objects, selected, skipped, tasks } = batch;
    const item = journal.begin(position, { objects, selected: selected.length, skipped });
    const payload = payloadOf(selected, options);
    const taskId = `${taskPrefix(journal.state)}${createHash('sha256').update(payload).digest('hex').slice(0, 24)}`;
    if (tasks.length === 0 || journal.recall(item, taskId) !== undefined) {
      journal.end(item);
      continue;
    }
    await client.submit(taskId, payload);
    submitted.set(taskId, { batch, item });
    while (submitted.size >= maxBatchesAhead && !stop.aborted) {
      await wait();
    }
  }
  while (submitted.size > 0 && !stop.aborted) {
    await wait();
  }
}

/** What the ids of one backfill's tasks begin with: it is another one when it is begun anew. */
function taskPrefix({ startedAt }: JournalState): string {
  return `backfill-${startedAt.replace(/\D/g, '')}-`;
}

/** Stops every batch of a backfill that waits or runs, and answers how many these are. */
export async function stopTasks(client: TaskClient, state: JournalState): Promise<number> {
  const active = await listActive(client, state);
  for (const taskId of active) {
    await client.stop(taskId);
  }
  return active.size;
}

async function listActive(client: TaskClient, state: JournalState): Promise<Set<string>> {
  const active = new Set<string>();
  for (const status of activeStates) {
    for (const taskId of await client.list(taskPrefix(state), status)) {
      active.add(taskId);
    }
  }
  return active;
}

async function* batches(
  entries: ReturnType<Source['read']>,
  { ruleSet, filter }: RunTasksOptions,
): AsyncIterable<Batch> {
  let batch: Batch | undefined;
  for await (const { object, position } of entries) {
    if (object.target !== undefined) {
      throw new Error('a list of failures is for this machine: leave out --via function.');
    }
    const { tasks, skipped } = selectTasks(object, ruleSet, filter);
    const bytes = Buffer.byteLength(JSON.stringify(object)) + 32;
    const isFull =
      batch !== undefined &&
      (batch.objects >= maxObjects ||
        (batch.tasks.length > 0 && batch.tasks.length + tasks.length > maxOutputs) ||
        batch.payloadBytes + bytes > maxPayloadBytes);
    if (batch !== undefined && isFull) {
      yield batch;
      batch = undefined;
    }
    batch ??= { position, objects: 0, skipped: {}, selected: [], tasks: [], payloadBytes: 0 };
    batch.position = position;
    batch.objects += 1;
    if (skipped === undefined) {
      batch.selected.push(object);
      batch.tasks.push(...tasks);
      batch.payloadBytes += bytes;
    } else {
      batch.skipped[skipped] = (batch.skipped[skipped] ?? 0) + 1;
    }
  }
  if (batch !== undefined) {
    yield batch;
  }
}

/** The event for a batch. */
function payloadOf(objects: readonly StoredObject[], { savedSince }: RunTasksOptions): string {
  return JSON.stringify({
    savedSince,
    objects: objects.map(({ bucket, key, sizeBytes, eTag, lastModified }) => {
      return { bucket, key, size: sizeBytes, eTag, lastModified };
    }),
  });
}

/** The batches that were handed over and not yet accounted for, by task id. */
type Submitted = Map<string, { batch: Batch; item: Item }>;

/** Accounts for the batches that are no longer under way. */
async function account(submitted: Submitted, options: RunTasksOptions): Promise<void> {
  const { client, journal } = options;
  const active = await listActive(client, journal.state);
  for (const [taskId, { batch, item }] of [...submitted].filter(([id]) => !active.has(id))) {
    const { status, errorMessage } = await client.find(taskId);
    if (!activeStates.includes(status)) {
      const failed =
        status === 'Succeeded' ? 0 : await findFailures(item, batch, { status, errorMessage }, options);
      journal.record(item, { status: 'saved', source: taskId, outputs: batch.tasks.length - failed });
      journal.end(item);
      submitted.delete(taskId);
    }
  }
}

/** Asks for each output of a batch that did not succeed, and records those that were not saved; answers how many. */
async function findFailures(
  item: Item,
  { tasks }: Batch,
  end: { status: string; errorMessage: string },
  { journal, savedSince, call }: RunTasksOptions,
): Promise<number> {
  let failed = 0;
  for (const task of tasks) {
    if (!(await isSaved(task, savedSince, call))) {
      failed += 1;
      const [source, target] = [formatObject(task.source), formatObject(task.target)];
      if (journal.recall(item, source, target) === undefined) {
        journal.record(item, {
          status: 'failed',
          source,
          target,
          code: end.status,
          message: reasonOf(end, source, target),
        });
      }
    }
  }
  return failed;
}

async function isSaved({ target }: Task, since: string, call: Call): Promise<boolean> {
  try {
    const { lastModified } = await headObject(call, target);
    return (
      lastModified !== undefined && lastModified.getTime() >= Math.floor(Date.parse(since) / 1_000) * 1_000
    );
  } catch (error) {
    if (isNotFound(error)) {
      return false;
    }
    throw error;
  }
}

/** What the function's error says of this output, else all that it says. */
function reasonOf(
  { status, errorMessage }: { status: string; errorMessage: string },
  source: string,
  target: string,
): string {
  const line = errorMessage.split('\n').find((text) => text.includes(`${source} -> ${target}`));
  return (line ?? errorMessage) || `the task ended as ${status}`;
}
