import type { EventRecord } from '../events/object-event.ts';
import { isNoSuchKey } from '../oss/errors.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { completeEvent, mustAsk, planWithoutSource } from './complete.ts';
import { recall, remember, type TaskMemory } from './memory.ts';
import { plan } from './plan.ts';
import {
  describeError,
  type FailedResult,
  type Outcome,
  type PartialSubject,
  type Result,
  type Task,
} from './result.ts';
import { carryOut, hasSource, type TaskOptions } from './save.ts';

/** A task, a result that stands already, or a record that has to be looked into before it comes to either. */
interface Job {
  work: Result | EventRecord;
  ruleSet: RuleSet;
  /** The output is planned and not made. */
  dryRun: boolean;
  /** Epoch ms: a target that was written since then is left as it is. */
  savedSince?: number | undefined;
}

export interface RunOptions extends Omit<TaskOptions, 'ruleSet' | 'savedSince' | 'isSaved'> {
  /** Calls under way at once; whoever makes `call` lowers it when OSS throttles. */
  limit: { current: number };
  /** Holds what an earlier attempt at this event did; this one adds to it. */
  memory: TaskMemory;
  random: () => number;
  /** Called as each result comes, in the order of completion. */
  onOutcome: (outcome: Outcome) => void;
}

/** So many outputs that were never started are logged one by one; thousands would take the time to report at all. */
const maxUnstartedLogged = 100;

/** Makes the jobs of one record. Pure. */
export function jobsOf(
  record: EventRecord,
  ruleSet: RuleSet,
  options: Pick<Job, 'dryRun' | 'savedSince'>,
): Job[] {
  const isOpen = record.kind === 'task' || (record.kind === 'object' && mustAsk(record.event, ruleSet));
  const works = isOpen ? [record] : plan(record, ruleSet);
  return works.map((work) => ({ ruleSet, work, ...options }));
}

/**
 * Carries out the jobs: planned outputs become `saved`, `skipped` or `failed`, the rest passes through. Results keep the
 * order of the jobs. One failure stops nothing else, and what the deadline cuts off is a failure too. Where not all
 * outputs can start at once, they start in random order: an event that is too large for one invocation would else
 * spend every retry on the same outputs and never get to the others.
 */
export async function run(jobs: readonly Job[], options: RunOptions): Promise<Result[]> {
  const { limit, random, now, deadline, onOutcome } = options;
  const results: Result[][] = jobs.map(() => []);
  const order = <T>(items: readonly T[]) =>
    items.length > limit.current ? shuffle(items, random) : [...items];
  // The outputs of an object that was asked about come before any other job.
  const asked: (() => Promise<void>)[] = [];
  const underWay = new Map<string, Promise<Outcome>>();
  let unstarted = 0;

  async function start(job: Job, slot: Result[], place: number): Promise<void> {
    const { work, ruleSet, dryRun } = job;
    if (!('status' in work)) {
      const results = await lookInto(work, ruleSet, options);
      asked.push(...order(results.map((work, i) => () => start({ ...job, work }, slot, i))));
      return;
    }
    const isTask = work.status === 'planned' && !dryRun;
    const isLate = isTask && now() >= deadline;
    const result = isLate ? unstartedResult(work) : isTask ? await settleInTurn(work, job) : work;
    slot[place] = result;
    unstarted += Number(isLate);
    if (result.status !== 'planned' && !dryRun && !(isLate && unstarted > maxUnstartedLogged)) {
      onOutcome(result);
    }
  }

  /** An event may tell the same twice: a task waits for the one before it at its target, and for what that leaves in the memory. */
  async function settleInTurn(task: Task, job: Job): Promise<Outcome> {
    const { bucket, key } = task.target;
    const target = `${bucket}/${key}`;
    const end = (underWay.get(target) ?? Promise.resolve()).then(() => settle(task, job, options));
    underWay.set(target, end);
    return end;
  }

  const starts = order(jobs.map((job, i) => () => start(job, results[i] ?? [], 0))).values();
  await inLanes(() => asked.shift() ?? starts.next().value, limit);
  return results.flat();
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const drawn = items.map((item) => ({ item, place: random() }));
  return drawn.sort((a, b) => a.place - b.place).map(({ item }) => item);
}

/** Starts what `take` gives, never more at once than `limit`, which may change meanwhile; ends when nothing is left. */
async function inLanes(
  take: () => (() => Promise<void>) | undefined,
  limit: { current: number },
): Promise<void> {
  const lanes = new Set<Promise<void>>();
  for (;;) {
    const start = lanes.size < Math.max(1, limit.current) ? take() : undefined;
    if (start !== undefined) {
      const lane: Promise<void> = start().then(() => void lanes.delete(lane));
      lanes.add(lane);
    } else if (lanes.size > 0) {
      await Promise.race(lanes);
    } else {
      return;
    }
  }
}

/** Asks OSS about an object, which can be planned then, or reads how a task ended. */
async function lookInto(record: EventRecord, ruleSet: RuleSet, options: RunOptions): Promise<Result[]> {
  const source =
    record.kind === 'object' ? { bucket: record.event.bucket, key: record.event.key } : undefined;
  if (options.now() >= options.deadline) {
    return [unstartedResult({ source })];
  }
  try {
    if (record.kind === 'task') {
      const { outcomeOfTask } = await import('../life/task-event.ts');
      return [outcomeOfTask(record, ruleSet.rules)];
    }
    const known =
      record.kind === 'object' ? { ...record, event: await completeEvent(record.event, options) } : record;
    return plan(known, ruleSet);
  } catch (error) {
    const failure: FailedResult = { status: 'failed', source, ...describeError(error) };
    return record.kind === 'object' && isNoSuchKey(error)
      ? planWithoutSource(record.event, ruleSet, failure)
      : [failure];
  }
}

/** Carries out a task, as far as an earlier attempt at the same event has not. */
async function settle(task: Task, { ruleSet, savedSince }: Job, options: RunOptions): Promise<Outcome> {
  const known = recall(options.memory, task);
  const isSaved = known?.status === 'failed' && known.isSaved === true;
  const taskOptions = { ruleSet, savedSince, isSaved, ...options };
  const outcome = known === undefined || isSaved ? await carryOut(task, taskOptions) : known;
  remember(options.memory, task, outcome);
  try {
    return await removeIfLate(task, outcome, taskOptions);
  } catch (error) {
    // Nobody knows whether the output should be there: another attempt asks again.
    const { rule, source, target } = task;
    const failure = { ...describeError(error), kind: 'transient', isSaved: true } as const;
    return { status: 'failed', rule, source, target, ...failure };
  }
}

/**
 * Deletes an output that may be there although its source was deleted: the event of the deletion may have been worked off
 * before there was an output. Resolves to the outcome where the output stays; throws where OSS does not say what is there.
 */
async function removeIfLate(task: Task, outcome: Outcome, options: TaskOptions): Promise<Outcome> {
  if (!mayOutliveSource(task, outcome) || (await hasSource(task, options))) {
    return outcome;
  }
  const { rule, source, target } = task;
  const removal = { action: 'remove', rule, source, target } as const;
  const end = await carryOut(removal, options);
  return end.status === 'skipped' ? outcome : removeIfLate(removal, end, options);
}

/** Whether an output that goes with its source was saved, now or by an attempt at the same event that got no further. */
function mayOutliveSource(task: Task, outcome: Outcome): boolean {
  if (task.action !== 'remove' && task.onRemove === undefined) {
    return false;
  }
  const isOfEvent = task.action === 'remove' || task.raisedAt !== undefined;
  const isGone = outcome.status === 'failed' && outcome.code === 'NoSuchKey';
  const isKept = outcome.status === 'skipped' && outcome.reason !== 'source-exists';
  const isSaved = outcome.status === 'saved' || (isKept && outcome.reason === 'already-saved');
  return isSaved || (isOfEvent && (isGone || isKept));
}

function unstartedResult({ rule, source, target }: PartialSubject): FailedResult {
  const message = 'no time was left to start it';
  const failure = { kind: 'transient', code: 'Deadline', message, attempts: 0 } as const;
  return { status: 'failed', rule, source, target, ...failure };
}
