import { createHash } from 'node:crypto';
import { formatObject } from '../pipeline/result.ts';
import { type Batch, batches } from './batches.ts';
import type { Item } from './journal.ts';
import type { JournalState } from './journal-file.ts';
import type { BackfillOptions } from './run-objects.ts';
import type { ExistingObject } from './source.ts';
import type { BatchTask, TaskClient } from './task-client.ts';
import { excerptOf, isForOtherRules, readReturned, readThrown, type TaskReport } from './task-report.ts';
import { throwIfHopeless } from './work-through.ts';

interface RunTasksOptions extends Omit<BackfillOptions, 'call' | 'pace'> {
  client: TaskClient;
  /** In milliseconds, from whenever. */
  now: () => number;
  /** The function makes nothing by other rules. */
  rulesDigest: string;
}

/** Batches that wait or run: at 50 calls/s work for 17 minutes, at 5 for 3 hours. Events live for days. */
const maxBatchesAhead = 1_000;

/** Between looks at what became of the batches: soon at first, so that a small backfill ends soon. */
const [firstPollMs, lastPollMs] = [250, 20_000];

/** Says what the end of a run leaves behind. */
export const whatGoesOn = 'The batches that were handed over go on: the same command with --stop stops them.';

const activeStates = ['Enqueued', 'Dequeued', 'Running', 'Retrying', 'Stopping'];

/** A batch that was handed over and is not yet accounted for. */
interface BatchUnderWay {
  batch: Batch;
  item: Item;
  /** Its id at the first attempt. */
  id: string;
  attempt: number;
  hasFailed: boolean;
  /** It was handed over by this run, and not by an earlier one. */
  isNew: boolean;
}

/** All that a run holds in memory. */
interface Run {
  /** By the id of the task. */
  underWay: Map<string, BatchUnderWay>;
  failuresInARow: number;
  /** Batches at their end that are not in the journal yet. */
  held: { report: TaskReport; one: BatchUnderWay }[];
}

/**
 * Hands objects to the deployed function in batches, as asynchronous tasks, and follows them to their end. A batch has
 * an id by its content, so that Function Compute refuses one that it already has. One that failed is handed over once
 * more, under another id; what it then has left are failures. Settles as `runObjects` does, but on `stop` at once: what
 * was handed over goes on, and the next run follows it.
 */
export async function runTasks(options: RunTasksOptions): Promise<void> {
  const { journal, stop, now } = options;
  const run: Run = { underWay: new Map(), failuresInARow: 0, held: [] };
  let pollMs = firstPollMs;
  let nextPollMs = now() + pollMs;
  const poll = async () => {
    await account(run, options);
    pollMs = Math.min(lastPollMs, pollMs * 2);
    nextPollMs = now() + pollMs;
  };
  const followUntilFewerThan = async (count: number) => {
    while (run.underWay.size >= count && !stop.aborted) {
      await options.sleep(pollMs);
      await poll();
    }
  };
  for await (const batch of batches(options)) {
    if (stop.aborted) {
      break;
    }
    const { position, objects, selected, skipped } = batch;
    const item = journal.begin(position, { objects, selected: selected.length, skipped });
    const digest = createHash('sha256').update(payloadOf(selected, options)).digest('hex').slice(0, 24);
    const id = `${taskPrefix(journal.state)}${digest}`;
    if (selected.length === 0 || journal.recall(item, id) !== undefined) {
      journal.end(item);
    } else {
      await submit({ batch, item, id, attempt: 1, hasFailed: false }, run, options);
      await followUntilFewerThan(maxBatchesAhead);
    }
    // The source may take hours to be read.
    if (run.underWay.size > 0 && now() >= nextPollMs) {
      await poll();
    }
  }
  await followUntilFewerThan(1);
  if (!stop.aborted) {
    recordHeld(run, options);
  }
}

async function submit(one: Omit<BatchUnderWay, 'isNew'>, { underWay }: Run, options: RunTasksOptions) {
  const taskId = one.attempt === 1 ? one.id : `${one.id}-${one.attempt}`;
  const isNew = await options.client.submit(taskId, payloadOf(one.batch.selected, options));
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
    savedSince: onlyMissing ? new Date(0).toISOString() : undefined,
    objects: objects.map(({ bucket, key, sizeBytes: size, eTag, modifiedAt: lastModified }) => {
      return { bucket, key, size, eTag, lastModified };
    }),
  });
}

/** Accounts for the batches that are no longer under way, or hands them over again. */
async function account(run: Run, options: RunTasksOptions): Promise<void> {
  const { client, journal } = options;
  const active = await listActive(client, journal.state);
  for (const [taskId, one] of [...run.underWay].filter(([id]) => !active.has(id))) {
    const task = await client.find(taskId);
    if (activeStates.includes(task.status)) {
      continue;
    }
    run.underWay.delete(taskId);
    if (one.isNew && isForOtherRules(task)) {
      throw new Error(
        `the function does not make outputs by these rules (${excerptOf(task)}): build and deploy it again, and give the same command then.`,
      );
    }
    const report = reportOf(task, one.batch);
    const mayHeal = report === undefined || report.failures.some((failure) => failure.mayHeal);
    // A person who stops a batch says nothing against it. What failed in an earlier run may have been mended since.
    const isFailure = one.isNew && task.status !== 'Stopped';
    if (mayHeal && !(isFailure && one.hasFailed)) {
      const hasFailed = one.hasFailed || isFailure;
      await submit({ ...one, attempt: one.attempt + 1, hasFailed }, run, options);
    } else {
      settle(report ?? allFailed(task, one.batch), one, run, options);
    }
  }
}

/** Says what a task did, as far as that can be told. The function throws where an output failed. */
function reportOf(task: BatchTask, { selected, outputs, certain }: Batch): TaskReport | undefined {
  if (task.status !== 'Succeeded') {
    return readThrown(task, selected.map(formatObject));
  }
  const skipped = certain < outputs ? { 'saved-or-skipped': outputs - certain } : {};
  return readReturned(task) ?? { saved: certain, skipped, failed: 0, failures: [] };
}

function allFailed(task: BatchTask, { selected, outputs }: Batch): TaskReport {
  const code = `Task${task.status || 'Forgotten'}`;
  const message = `the batch of this object failed twice: ${excerptOf(task) || code}`;
  // Nobody knows that more than one of them failed.
  const failures = selected.map((object, i) => {
    return { source: formatObject(object), mayHeal: i === 0, code, message };
  });
  return { saved: 0, skipped: {}, failed: outputs, failures };
}

/**
 * Accounts for a batch at its end. One that made nothing, for what a setting may heal, waits for one that makes something;
 * throws where none comes for long, so that the next run hands them over again.
 */
function settle(report: TaskReport, one: BatchUnderWay, run: Run, options: RunTasksOptions): void {
  const { saved, skipped, failures } = report;
  const isMade = saved > 0 || Object.keys(skipped).length > 0;
  run.failuresInARow = (isMade ? 0 : run.failuresInARow) + failures.filter(({ mayHeal }) => mayHeal).length;
  throwIfHopeless(run.failuresInARow, `${failures.at(-1)?.message}. ${whatGoesOn}`);
  run.held.push({ report, one });
  if (isMade || run.failuresInARow === 0) {
    recordHeld(run, options);
  }
}

/** The line of a batch comes behind those of its failures: once it is in the journal, nothing of the batch is asked for again. */
function recordHeld({ held }: Run, { journal }: RunTasksOptions): void {
  for (const { report, one } of held.splice(0)) {
    const { saved, skipped, failed, failures } = report;
    for (const { mayHeal: _, ...failure } of failures) {
      // An earlier run may have ended between a failure and the batch.
      if (journal.recall(one.item, failure.source, failure.target) === undefined) {
        journal.record(one.item, { status: 'failed', ...failure, batch: one.id });
      }
    }
    journal.record(one.item, { status: 'saved', source: one.id, outputs: saved, failed, skipped });
    journal.end(one.item);
  }
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
