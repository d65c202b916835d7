import type { EndOfTask, EventRecord, ObjectEvent } from '../events/object-event.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { completeEvent, mustAsk } from './complete.ts';
import { recall, remember, type TaskMemory } from './memory.ts';
import { plan } from './plan.ts';
import {
  describeError,
  type FailedResult,
  type Outcome,
  type PartialSubject,
  type PlanItem,
  type Result,
  type Task,
} from './result.ts';
import { carryOut, hasSource, loadLife, type TaskOptions } from './save.ts';

/** An item of a plan, an object that OSS has to be asked about before it can be planned, or a task that ended. */
interface Job {
  work: PlanItem | { event: ObjectEvent } | { ended: EndOfTask };
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
  if (record.kind === 'object' && mustAsk(record.event, ruleSet)) {
    return [{ ...options, ruleSet, work: { event: record.event } }];
  }
  if (record.kind === 'task') {
    return [{ ...options, ruleSet, work: { ended: record } }];
  }
  return plan(record, ruleSet).map((work) => ({ ...options, ruleSet, work }));
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
  let unstarted = 0;

  async function work({ work, ...job }: Job, slot: Result[], place: number): Promise<void> {
    if ('event' in work) {
      return ask(work.event, job, slot);
    }
    const item = 'ended' in work ? await readEnd(work.ended, job.ruleSet) : work;
    const isTask = item.status === 'planned' && !job.dryRun;
    const isLate = isTask && now() >= deadline;
    const result = isLate ? unstartedResult(item) : isTask ? await settle(item, job, options) : item;
    slot[place] = result;
    unstarted += Number(isLate);
    if (result.status !== 'planned' && !job.dryRun && !(isLate && unstarted > maxUnstartedLogged)) {
      onOutcome(result);
    }
  }

  async function ask(event: ObjectEvent, job: Omit<Job, 'work'>, slot: Result[]): Promise<void> {
    const { bucket, key } = event;
    const completed =
      now() >= deadline ? unstartedResult({ source: { bucket, key } }) : await completeEvent(event, options);
    const items =
      'status' in completed ? [completed] : plan({ kind: 'object', event: completed }, job.ruleSet);
    asked.push(...order(items.map((item, i) => () => work({ ...job, work: item }, slot, i))));
  }

  const starts = order(jobs.map((job, i) => () => work(job, results[i] ?? [], 0))).values();
  await inLanes(() => asked.shift() ?? starts.next().value, limit);
  return results.flat();
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const drawn = items.map((item) => ({ item, place: random() }));
  return drawn.sort((a, b) => a.place - b.place).map(({ item }) => item);
}

/** Starts what `take` gives, never more at once than `limit`, which may change meanwhile; ends when nothing is left. */
function inLanes(take: () => (() => Promise<void>) | undefined, limit: { current: number }): Promise<void> {
  let underWay = 0;
  return new Promise((resolve, reject) => {
    function fill(): void {
      while (underWay < Math.max(1, limit.current)) {
        const start = take();
        if (start === undefined) {
          break;
        }
        underWay += 1;
        start().then(() => {
          underWay -= 1;
          fill();
        }, reject);
      }
      if (underWay === 0) {
        resolve();
      }
    }
    fill();
  });
}

async function readEnd(ended: EndOfTask, { rules }: RuleSet): Promise<Outcome> {
  try {
    return (await loadLife()).outcomeOfTask(ended, rules);
  } catch (error) {
    return { status: 'failed', ...describeError(error) };
  }
}

/** Carries out a task, as far as an earlier attempt at the same event has not. */
async function settle(
  task: Task,
  { ruleSet, savedSince }: Omit<Job, 'work'>,
  options: RunOptions,
): Promise<Outcome> {
  if (task.action === 'remove') {
    const outcome = await carryOut(task, { ...options, ruleSet });
    return removeIfLate(task, outcome, { ...options, ruleSet });
  }
  const known = recall(options.memory, task);
  const isSaved = known?.status === 'failed' && known.isSaved === true;
  const outcome =
    known === undefined || isSaved
      ? await carryOut(task, { ...options, ruleSet, savedSince, isSaved })
      : known;
  remember(options.memory, task, outcome);
  return removeIfLate(task, outcome, { ...options, ruleSet });
}

/**
 * Deletes an output that may be there although its source was deleted, where its rule wants it gone with that: the event of
 * the deletion may have been worked off before there was an output. Resolves to the outcome where the output stays.
 */
async function removeIfLate(task: Task, outcome: Outcome, options: TaskOptions): Promise<Outcome> {
  const { rule, source, target } = task;
  const isWanted = options.ruleSet.rules.some(({ name, onRemove }) => name === rule && onRemove === 'delete');
  // The output stays where no answer comes.
  const mayStay = () => hasSource(task, options).catch(() => true);
  if (!isWanted || !mayOutliveSource(task, outcome) || (await mayStay())) {
    return outcome;
  }
  const removal = { action: 'remove', rule, source, target } as const;
  const end = await carryOut(removal, options);
  return end.status === 'skipped' ? outcome : removeIfLate(removal, end, options);
}

/** Whether an output was saved, now or by an attempt at the same event that got no further. */
function mayOutliveSource(task: Task, outcome: Outcome): boolean {
  const isOfEvent = task.action === 'remove' || task.raisedAt !== undefined;
  const isGone = outcome.status === 'failed' && outcome.code === 'NoSuchKey';
  const isKept = outcome.status === 'skipped' && outcome.reason !== 'source-exists';
  return outcome.status === 'saved' || (isOfEvent && (isGone || isKept));
}

function unstartedResult({ rule, source, target }: PartialSubject): FailedResult {
  const message = 'no time was left to start it';
  const failure = { kind: 'transient', code: 'Deadline', message, attempts: 0 } as const;
  return { status: 'failed', rule, source, target, ...failure };
}
