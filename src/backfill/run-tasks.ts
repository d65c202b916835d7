import { createHash } from 'node:crypto';
import { formatObject, type PlannedSave } from '../pipeline/result.ts';
import type { Item } from './journal.ts';
import type { JournalState } from './journal-file.ts';
import { type BackfillOptions, needsHead } from './run-objects.ts';
import { createUpperBound, type Selection } from './select.ts';
import { type ExistingObject, isComplete, type Position } from './source.ts';
import type { BatchTask, TaskClient } from './task-client.ts';
import {
  excerptOf,
  isForOtherRules,
  readReturned,
  readThrown,
  type TaskFailure,
  type TaskReport,
} from './task-report.ts';
import { throwIfHopeless, type WorkOptions } from './work-through.ts';

interface RunTasksOptions
  extends Pick<WorkOptions, 'source' | 'journal' | 'sleep' | 'stop'>,
    Pick<BackfillOptions, 'ruleSet' | 'filter'> {
  client: TaskClient;
  /** The function makes nothing by other rules. */
  rulesDigest: string;
  /** Outputs that exist are left as they are. */
  onlyMissing: boolean;
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
  outputs: Pick<TaskFailure, 'source' | 'target'>[];
  /** The ends of the outputs where none fails, by the names under which the journal counts them. */
  expected: Record<string, number>;
  payloadBytes: number;
}

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

/** By the id of the task. */
type BatchesUnderWay = Map<string, BatchUnderWay>;

/**
 * Hands objects to the deployed function in batches, as asynchronous tasks, and follows them to their end. A batch has
 * an id by its content, so that Function Compute refuses one that it already has. One that failed is handed over once
 * more, under another id; what it then has left are failures. Settles as `runObjects` does, but on `stop` at once: what
 * was handed over goes on, and the next run follows it.
 */
export async function runTasks(options: RunTasksOptions): Promise<void> {
  const { journal, stop } = options;
  const underWay: BatchesUnderWay = new Map();
  let pollMs = firstPollMs;
  const followUntilFewerThan = async (count: number) => {
    while (underWay.size >= count && !stop.aborted) {
      await options.sleep(pollMs);
      pollMs = Math.min(lastPollMs, pollMs * 2);
      await account(underWay, options);
    }
  };
  for await (const batch of batches(options)) {
    if (stop.aborted || journal.isAtEnd()) {
      break;
    }
    const { position, objects, selected, skipped } = batch;
    const item = journal.begin(position, { objects, selected: selected.length, skipped });
    const digest = createHash('sha256').update(payloadOf(selected, options)).digest('hex').slice(0, 24);
    const id = `${taskPrefix(journal.state)}${digest}`;
    if (selected.length === 0 || journal.recall(item, id) !== undefined) {
      journal.end(item);
    } else {
      await submit({ batch, item, id, attempt: 1, hasFailed: false }, underWay, options);
      await followUntilFewerThan(maxBatchesAhead);
    }
  }
  await followUntilFewerThan(1);
}

async function submit(
  one: Omit<BatchUnderWay, 'isNew'>,
  underWay: BatchesUnderWay,
  options: RunTasksOptions,
): Promise<void> {
  const taskId = one.attempt === 1 ? one.id : `${one.id}-${one.attempt}`;
  const isNew = await options.client.submit(taskId, payloadOf(one.batch.selected, options));
  underWay.set(taskId, { ...one, isNew });
}

/** The ids of one backfill's tasks begin with it; a backfill that is begun anew has another one. */
function taskPrefix({ startedAt }: JournalState): string {
  return `backfill-${startedAt.replace(/\D/g, '')}-`;
}

async function* batches(options: RunTasksOptions): AsyncIterable<Batch> {
  const { source, ruleSet, filter, journal } = options;
  const select = createUpperBound(ruleSet);
  let batch: Batch | undefined;
  for await (const { object, position } of source.read(journal.state.position)) {
    assertForFunction(object, options);
    const { outputs, skipped } = select(object, filter);
    const bytes = Buffer.byteLength(JSON.stringify(object)) + 32;
    if (batch !== undefined && isFull(batch, outputs.length, bytes)) {
      yield batch;
      batch = undefined;
    }
    batch ??= { position, objects: 0, skipped: {}, selected: [], outputs: [], expected: {}, payloadBytes: 0 };
    batch.position = position;
    batch.objects += 1;
    if (skipped === undefined) {
      batch.selected.push(object);
      batch.payloadBytes += bytes;
      for (const output of outputs) {
        addOutput(batch, object, output, options);
      }
    } else {
      batch.skipped[skipped] = (batch.skipped[skipped] ?? 0) + 1;
    }
  }
  if (batch !== undefined) {
    yield batch;
  }
}

/** Throws where the function could not make what is wanted of the object alone. */
function assertForFunction(
  { target, modifiedAt }: ExistingObject,
  { source, filter }: RunTasksOptions,
): void {
  if (target !== undefined) {
    throw new Error('a list of failures is for this machine: leave out --via function.');
  }
  if (modifiedAt === undefined && (filter.since ?? filter.until) !== undefined) {
    throw new Error(
      `${source.name} does not tell the time by which --since and --until choose: leave out --via function.`,
    );
  }
}

function addOutput(
  { outputs, expected }: Batch,
  object: ExistingObject,
  output: Selection['outputs'][number],
  { ruleSet, onlyMissing }: RunTasksOptions,
): void {
  // A key made from an ETag or a day that is not known yet is another one in the end.
  const target = isComplete(object) && output.target ? formatObject(output.target) : undefined;
  outputs.push({ source: formatObject(object), target });
  const end =
    output.status === 'planned' && !onlyMissing && !needsHead(object, ruleSet)
      ? endOf(output)
      : 'saved-or-skipped';
  expected[end] = (expected[end] ?? 0) + 1;
}

/** Names the end of an output that does not fail. */
function endOf({ action, refresh, afterSteps }: PlannedSave): string {
  if (action === 'submit') {
    return 'submitted';
  }
  return refresh !== undefined || afterSteps?.skipLarger ? 'saved-or-skipped' : 'saved';
}

function isFull({ objects, outputs, payloadBytes }: Batch, moreOutputs: number, moreBytes: number): boolean {
  const hasOutputs = outputs.length > 0 && outputs.length + moreOutputs > maxOutputs;
  return hasOutputs || objects >= maxObjects || payloadBytes + moreBytes > maxPayloadBytes;
}

/** The event for a batch. */
function payloadOf(
  objects: readonly ExistingObject[],
  { onlyMissing, rulesDigest }: RunTasksOptions,
): string {
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
async function account(underWay: BatchesUnderWay, options: RunTasksOptions): Promise<void> {
  const { client, journal } = options;
  const active = await listActive(client, journal.state);
  for (const [taskId, one] of [...underWay].filter(([id]) => !active.has(id))) {
    const task = await client.find(taskId);
    if (activeStates.includes(task.status)) {
      continue;
    }
    underWay.delete(taskId);
    const isRefused = isForOtherRules(task);
    if (isRefused && one.isNew) {
      throw new Error(
        `the function does not make outputs by these rules (${excerptOf(task)}): build and deploy it again, and give the same command then.`,
      );
    }
    const report = task.status === 'Stopped' || isRefused ? undefined : reportOf(task, one.batch);
    const mayHeal = report === undefined || report.failures.some((failure) => failure.mayHeal);
    // A person who stops a batch says nothing against it, nor does a function that was deployed anew since then.
    const hasFailed = one.hasFailed || !(task.status === 'Stopped' || isRefused);
    if (mayHeal && !one.hasFailed) {
      await submit({ ...one, attempt: one.attempt + 1, hasFailed }, underWay, options);
    } else {
      record(report ?? allFailed(task, one.batch), one, options);
      journal.end(one.item);
    }
  }
}

/** Says what a task did, as far as that can be told. The function throws where an output failed. */
function reportOf(task: BatchTask, { outputs, expected }: Batch): TaskReport | undefined {
  const { saved = 0, ...skipped } = expected;
  const ifSucceeded = task.status === 'Succeeded' ? { saved, skipped, failures: [] } : undefined;
  return readReturned(task) ?? ifSucceeded ?? readThrown(task, outputs);
}

function allFailed(task: BatchTask, { outputs }: Batch): TaskReport {
  const code = `Task${task.status || 'Forgotten'}`;
  const message = `the batch of this output failed twice: ${excerptOf(task) || code}`;
  return { saved: 0, skipped: {}, failures: outputs.map((output) => ({ ...output, code, message })) };
}

/** The batch itself comes last: once it is in the journal, nothing of it is asked for again. */
function record(
  { saved, skipped, failures }: TaskReport,
  { id, item }: BatchUnderWay,
  { journal }: RunTasksOptions,
): void {
  for (const { mayHeal: _, ...failure } of failures) {
    if (journal.recall(item, failure.source, failure.target) === undefined) {
      const line = { status: 'failed' as const, ...failure };
      journal.record(item, line);
      throwIfHopeless(line, journal);
    }
  }
  if (saved > 0 || Object.keys(skipped).length > 0) {
    journal.record(item, { status: 'saved', source: id, outputs: saved, skipped });
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
