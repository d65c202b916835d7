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
  /** The function makes nothing by other rules. */
  rulesDigest: string;
}

/** The pause between two looks at batches grows: a small backfill ends soon, and a chunk takes minutes. */
const [firstPollMs, lastPollMs] = [250, 10_000];

/** Says what the end of a run leaves behind. */
export const whatGoesOn = 'The submitted batches go on: the same command with --stop stops them.';

/** 17 minutes of work at 50 calls/s: at the end of each chunk, some of the instances have nothing to do. */
const chunkOutputs = 50_000;

const activeStates = ['Enqueued', 'Dequeued', 'Running', 'Retrying', 'Stopping'];

/** A batch that was handed over and has not come to its end. */
interface BatchUnderWay {
  batch: Batch;
  attempt: number;
  /** The attempt before it failed in this run. */
  hasFailed: boolean;
  /** It was handed over by this run, and not by an earlier one. */
  isNew: boolean;
}

/** Batches by the id of their task. */
type UnderWay = Map<string, BatchUnderWay>;

/**
 * Hands objects to the deployed function in batches, as asynchronous tasks, and follows them to their end. A
 * batch has an id by its content, so that Function Compute refuses one that it already has. One that failed
 * is handed over once more, under another id; what it then has left are failures. Settles as `runObjects`
 * does, but on `stop` at once: what was handed over goes on, and the next run, which cuts the same chunk into
 * the same batches, follows it.
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
    // A list of keys has the same objects twice.
    options.journal.count({ objects: objects.length, selected: objects.length, 'named-twice': outputs });
    return;
  }
  const isNew = await options.client.submit(taskId, payload);
  underWay.set(taskId, { ...one, isNew });
}

/** The ids of one backfill's tasks begin with it; a backfill that is begun anew has another one. */
function taskPrefix({ startedAt }: JournalState): string {
  return `backfill-${startedAt.replace(/\D/g, '')}-`;
}

/** The event for a batch. */
function payloadOf(objects: readonly ExistingObject[], { onlyMissing, rulesDigest }: RunTasksOptions) {
  return JSON.stringify({
    alwaysThrows: true,
    rulesDigest,
    // The function then asks for each target by a HEAD request.
    onlyMissing: onlyMissing || undefined,
    objects: objects.map(({ bucket, key, sizeBytes: size, eTag, modifiedAt: lastModified }) => {
      return { bucket, key, size, eTag, lastModified };
    }),
  });
}

/** Accounts for the batches that are no longer under way, or hands them over again. */
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
    // The cause of a failure in an earlier run may be mended.
    if (mayHeal && !(one.isNew && one.hasFailed)) {
      await submit({ ...one, attempt: one.attempt + 1, hasFailed: one.isNew }, underWay, options);
    } else {
      settle(report ?? allFailed(task, one.batch), one.batch, options);
    }
  }
}

/** Says what a task did, as far as that can be told. The function throws where an output failed. */
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
  // Nobody knows that more than one of them failed.
  const failures = objects.map((object, i) => {
    return { source: formatObject(object), mayHeal: i === 0, code, message };
  });
  return { others: {}, failed: outputs, failures };
}

/**
 * Accounts for a batch at its end. Where something of it may heal, the next run hands it over again, should
 * its chunk not come to its end. Throws where nothing is made for long.
 */
function settle(
  { others, failed, failures }: TaskReport,
  { objects }: Batch,
  options: RunTasksOptions,
): void {
  const { journal, streak } = options;
  journal.count({ objects: objects.length, selected: objects.length, failed: failed - failures.length });
  journal.count(others);
  const healable = failures.filter((failure) => failure.mayHeal).length;
  for (const failure of failures.filter((one) => !journal.recall(one))) {
    journal.record({ ...failure, status: 'failed', mayHeal: healable > 0 });
  }
  if (Object.values(others).some((count) => count > 0)) {
    streak.end();
  }
  streak.add(healable, `${failures.at(-1)?.message}. ${whatGoesOn}`);
}

async function listActive(client: TaskClient, state: JournalState): Promise<Set<string>> {
  const lists = await Promise.all(activeStates.map((status) => client.list(taskPrefix(state), status)));
  return new Set(lists.flat());
}

/** Stops every batch of a backfill that waits or runs, and answers how many of them it stopped. */
export async function stopTasks(client: TaskClient, state: JournalState): Promise<number> {
  let count = 0;
  for (const taskId of await listActive(client, state)) {
    count += Number(await client.stop(taskId));
  }
  return count;
}
