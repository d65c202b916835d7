import { createHash } from 'node:crypto';
import { formatObject } from '../pipeline/result.ts';
import { type Batch, batchesOf } from './batches.ts';
import { workByChunks } from './chunks.ts';
import type { JournalState } from './journal-file.ts';
import type { BackfillOptions } from './run-objects.ts';
import type { ExistingObject } from './source.ts';
import type { BatchTask, TaskClient } from './task-client.ts';
import { excerptOf, isForOtherRules, readThrown, type TaskReport } from './task-report.ts';

interface RunTasksOptions extends Omit<BackfillOptions, 'call' | 'pace'> {
  client: TaskClient;
  /** The function refuses to work by any other rules. */
  rulesDigest: string;
}

/** The pause between two polls grows from the first to the last: small backfills end soon, chunks late. */
const firstPollMs = 250;
const lastPollMs = 10_000;

/** Reminds the user of the batches that outlive a run. */
export const batchesReminder = 'The submitted batches go on: the same command with --stop stops them.';

/** 17 minutes of work at 50 calls/s: large, because some instances idle at the end of each chunk. */
const chunkOutputs = 50_000;

const activeStates = ['Enqueued', 'Dequeued', 'Running', 'Retrying', 'Stopping'];

/** A batch that was submitted and has not ended. */
interface BatchUnderWay {
  batch: Batch;
  attempt: number;
  /** Whether the previous attempt failed in this run. */
  hasFailed: boolean;
  /** Whether this run submitted it, and not an earlier one. */
  isNew: boolean;
}

/** Batches by the id of their task. */
type UnderWay = Map<string, BatchUnderWay>;

/**
 * Submits objects to the deployed function in batches, as asynchronous tasks, and follows them to their end.
 * The id of a batch comes from its content, so that Function Compute refuses one that it already has. A batch
 * that fails is submitted once more under another id, and what fails then has failed. Settles like
 * `runObjects`, but at once on `stop`: submitted batches go on, and the next run, which makes the same
 * batches of the same chunk, follows them.
 */
export function runTasks(options: RunTasksOptions): Promise<void> {
  const { stop, sleep } = options;
  return workByChunks({ ...options, chunkOutputs }, async (candidates) => {
    const underWay: UnderWay = new Map();
    for await (const batch of batchesOf(candidates, options)) {
      if (stop.aborted) {
        return;
      }
      await submit({ batch, attempt: 1, hasFailed: false }, underWay, options);
    }
    for (let pollMs = firstPollMs; underWay.size > 0 && !stop.aborted; pollMs *= 2) {
      await sleep(Math.min(lastPollMs, pollMs));
      await account(underWay, options);
    }
  });
}

async function submit(one: Omit<BatchUnderWay, 'isNew'>, underWay: UnderWay, options: RunTasksOptions) {
  const { objects, outputs } = one.batch;
  const payload = payloadOf(objects, options);
  const digest = createHash('sha256').update(payload).digest('hex').slice(0, 24);
  const taskId = `${taskPrefix(options.journal.state)}${digest}-${one.attempt}`;
  if (underWay.has(taskId)) {
    // A list of keys names the same objects twice.
    options.journal.count({ objects: objects.length, selected: objects.length, 'named-twice': outputs });
    return;
  }
  const isNew = await options.client.submit(taskId, payload);
  underWay.set(taskId, { ...one, isNew });
}

/** Begins the ids of all tasks of one backfill. A backfill that is restarted has another one. */
function taskPrefix({ startedAt }: JournalState): string {
  return `backfill-${startedAt.replace(/\D/g, '')}-`;
}

/** The event that the function gets for a batch. */
function payloadOf(objects: readonly ExistingObject[], { onlyMissing, rulesDigest }: RunTasksOptions) {
  return JSON.stringify({
    alwaysThrows: true,
    rulesDigest,
    // The function then sends a HEAD request for each target.
    onlyMissing: onlyMissing || undefined,
    objects: objects.map(({ bucket, key, sizeBytes: size, eTag, modifiedAt: lastModified }) => {
      return { bucket, key, size, eTag, lastModified };
    }),
  });
}

/** Records the batches that have ended, or submits them again. */
async function account(underWay: UnderWay, options: RunTasksOptions): Promise<void> {
  const { client, journal } = options;
  const active = await listActive(client, journal.state);
  for (const [taskId, one] of [...underWay].filter(([id]) => !active.has(id))) {
    const task = await client.find(taskId);
    if (activeStates.includes(task.status)) {
      continue;
    }
    underWay.delete(taskId);
    if (one.isNew && isForOtherRules(task)) {
      throw new Error(
        `the function has other rules (${excerptOf(task)}): build and deploy it, then run the same command.`,
      );
    }
    const report = reportOf(task, one.batch);
    const mayHeal = report === undefined || report.failures.some((failure) => failure.mayHeal);
    // The cause of a failure in an earlier run may be fixed by now.
    if (mayHeal && !(one.isNew && one.hasFailed)) {
      await submit({ ...one, attempt: one.attempt + 1, hasFailed: one.isNew }, underWay, options);
    } else {
      settle(report ?? allFailed(task, one.batch), one.batch, options);
    }
  }
}

/** Tells what a task did, if that is known. A task that succeeded had no failure, or it would have thrown. */
function reportOf(task: BatchTask, { objects, outputs, certain }: Batch): TaskReport | undefined {
  if (task.status !== 'Succeeded') {
    return readThrown(task, objects.map(formatObject));
  }
  const unknown = certain < outputs ? { 'saved-or-skipped': outputs - certain } : {};
  return { others: { saved: certain, ...unknown }, failed: 0, failures: [] };
}

function allFailed(task: BatchTask, { objects, outputs }: Batch): TaskReport {
  const code = `Task${task.status || 'Forgotten'}`;
  const message = `the batch of this object failed twice: ${excerptOf(task) || code}`;
  // Only one of them certainly failed, so only one counts towards the streak of failures.
  const failures = objects.map((object, i) => {
    return { source: formatObject(object), mayHeal: i === 0, code, message };
  });
  return { others: {}, failed: outputs, failures };
}

/**
 * Records a batch that has ended. If any of it may heal and the chunk is not completed, the next run submits
 * it again. Throws after a long streak of failures.
 */
function settle(
  { others, failed, failures }: TaskReport,
  { objects }: Batch,
  options: RunTasksOptions,
): void {
  const { journal, streak } = options;
  journal.count({ objects: objects.length, selected: objects.length, failed: failed - failures.length });
  journal.count(others);
  const retryable = failures.filter((failure) => failure.mayHeal).length;
  for (const failure of failures.filter((one) => !journal.recall(one))) {
    journal.record({ ...failure, status: 'failed', mayHeal: retryable > 0 });
  }
  if (Object.values(others).some((count) => count > 0)) {
    streak.end();
  }
  streak.add(retryable, `${failures.at(-1)?.message}. ${batchesReminder}`);
}

async function listActive(client: TaskClient, state: JournalState): Promise<Set<string>> {
  const lists = await Promise.all(activeStates.map((status) => client.list(taskPrefix(state), status)));
  return new Set(lists.flat());
}

/** Stops every batch of a backfill that waits or runs. Returns how many it stopped. */
export async function stopTasks(client: TaskClient, state: JournalState): Promise<number> {
  let count = 0;
  for (const taskId of await listActive(client, state)) {
    count += Number(await client.stop(taskId));
  }
  return count;
}
