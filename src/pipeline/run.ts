import type { EventRecord } from '../events/object-event.ts';
import { isNoSuchKey } from '../oss/errors.ts';
import type { OssObject } from '../process.ts';
import { needsCopy } from '../rules/rule-set.ts';
import { completeEvent, mustAsk, planWithoutAnswer, planWithoutSource } from './complete.ts';
import { recall, remember, type TaskMemory } from './memory.ts';
import { plan } from './plan.ts';
import { describeError, type FailedResult, type Outcome, type Result, type Task } from './result.ts';
import { carryOut, hasSource, type TaskOptions } from './save.ts';

/** One record of an event, and how it is to be processed. */
export interface Job extends Pick<TaskOptions, 'ruleSet' | 'onlyMissing'> {
  record: EventRecord;
  /** Its outputs are planned and not made. */
  dryRun: boolean;
}

export interface RunOptions extends Omit<TaskOptions, 'ruleSet' | 'onlyMissing' | 'isSaved'> {
  /** Calls under way at once; whoever makes `call` lowers it when OSS throttles. */
  limit: { current: number };
  /** Holds what an earlier attempt at this event did; this one adds to it. */
  memory: TaskMemory;
  random: () => number;
  /** Called as each result comes, in the order of completion. */
  onOutcome: (outcome: Outcome) => void;
}

/** A job to be planned, or one of its tasks; the result comes to `place` among those of the job. */
interface Turn {
  job: Job;
  task?: Task;
  results: Result[];
  place: number;
}

/** Far above what one invocation has time for; bounds the memory that a hand-made event can ask for. */
const maxEventOutputs = 10_000;

/** At most this many unstarted jobs are logged: with thousands, no time would be left to report. */
const maxUnstartedLogged = 100;

/**
 * Works through the jobs: planned outputs become `saved`, `skipped` or `failed`, and results keep the jobs'
 * order. One failure stops nothing else. A job is planned when its turn comes, so one for which no time is
 * left costs next to nothing: its failure names the source alone. Where not all can start at once, the order
 * is random: an event too large for one invocation would else spend every retry on the same outputs.
 */
export async function run(jobs: readonly Job[], options: RunOptions): Promise<Result[]> {
  const { limit, random, now, deadlineMs, onOutcome } = options;
  const all = jobs.map((job): Turn => ({ job, results: [], place: 0 }));
  const unopened = [...all];
  const tasks: Turn[] = [];
  const underWay = new Map<string, Promise<Outcome>>();
  let outputs = 0;

  function startNext(): Promise<void> | undefined {
    if (now() >= deadlineMs || outputs > maxEventOutputs) {
      return undefined;
    }
    const turns = tasks.length > 0 ? tasks : unopened;
    const next = turns.length > limit.current ? Math.floor(random() * turns.length) : 0;
    const [turn] = turns.splice(next, 1);
    return turn && (turn.task === undefined ? open(turn) : settleInTurn(turn, turn.task));
  }

  async function open(turn: Turn): Promise<void> {
    const { job } = turn;
    const results = await resultsOf(job, options);
    turn.results = results;
    outputs += results.length;
    for (const [place, result] of job.dryRun ? [] : results.entries()) {
      if (result.status === 'planned') {
        tasks.push({ job, task: result, results, place });
      } else {
        onOutcome(result);
      }
    }
  }

  /** Waits for the task before it at the same target, and its memory: an event may tell the same twice. */
  async function settleInTurn({ job, results, place }: Turn, task: Task): Promise<void> {
    const target = `${task.target.bucket}/${task.target.key}`;
    const end = Promise.resolve(underWay.get(target)).then(() => settle(task, job, options));
    underWay.set(target, end);
    const outcome = await end;
    results[place] = outcome;
    onOutcome(outcome);
  }

  await inLanes(startNext, limit);
  for (const [i, turn] of [...tasks, ...unopened].entries()) {
    const result = unstartedResult(turn, outputs > maxEventOutputs);
    turn.results[turn.place] = result;
    if (i < maxUnstartedLogged) {
      onOutcome(result);
    }
  }
  return all.flatMap(({ results }) => results);
}

function unstartedResult({ job, task }: Turn, hasTooMany: boolean): FailedResult {
  const source = sourceOf(job.record);
  const [code, message] = hasTooMany
    ? ['TooManyOutputs', `the event asks for more than ${maxEventOutputs} outputs: split it`]
    : ['Deadline', 'there was no time left to start it'];
  const subject = { rule: task?.rule, source, target: task?.target };
  return { status: 'failed', kind: 'transient', code, message, ...subject, attempts: 0 };
}

function sourceOf(record: EventRecord): OssObject | undefined {
  return record.kind === 'object' ? { bucket: record.event.bucket, key: record.event.key } : undefined;
}

/** Starts what is next, never more at once than `limit`, which may fall meanwhile; ends with nothing left. */
async function inLanes(startNext: () => Promise<void> | undefined, limit: RunOptions['limit']) {
  const lanes = new Set<Promise<void>>();
  for (;;) {
    const started = lanes.size < limit.current ? startNext() : undefined;
    if (started !== undefined) {
      const lane: Promise<void> = started.then(() => void lanes.delete(lane));
      lanes.add(lane);
    } else if (lanes.size > 0) {
      await Promise.race(lanes);
    } else {
      return;
    }
  }
}

/** Plans a job; asks OSS about the object first where rules need more than the event tells. Never throws. */
async function resultsOf({ record, ruleSet }: Job, options: RunOptions): Promise<Result[]> {
  try {
    if (record.kind === 'task') {
      const { outcomeOfTask } = await import('../life/task-event.ts');
      return [outcomeOfTask(record, ruleSet.rules)];
    }
    if (record.kind === 'object' && mustAsk(record.event, ruleSet)) {
      const event = await completeEvent(record.event, options);
      if (mustAsk(event, ruleSet)) {
        // A proxy may have left it out. The rule would take no object, or give all the same target.
        throw new Error('the answer to HeadObject leaves out what a rule asks for');
      }
      return plan({ kind: 'object', event }, ruleSet);
    }
    return plan(record, ruleSet);
  } catch (error) {
    const failure: FailedResult = { status: 'failed', source: sourceOf(record), ...describeError(error) };
    if (record.kind !== 'object') {
      return [failure];
    }
    return isNoSuchKey(error)
      ? planWithoutSource(record.event, ruleSet, failure)
      : [...planWithoutAnswer(record.event, ruleSet), failure];
  }
}

/** Carries out a task, as far as an earlier attempt at the same event has not. */
async function settle(task: Task, { ruleSet, onlyMissing }: Job, options: RunOptions): Promise<Outcome> {
  const known = recall(options.memory, task);
  // An object that a person names is processed again by each instance, which may not have finished it.
  const isMadeAnew = task.action === 'save' && task.raisedAt === undefined && needsCopy(task.afterSteps);
  const isSaved = known?.status === 'failed' ? known.isSaved === true : known !== undefined && isMadeAnew;
  const taskOptions = { ruleSet, onlyMissing, isSaved, ...options };
  const outcome = known === undefined || isSaved ? await carryOut(task, taskOptions) : known;
  remember(options.memory, task, outcome);
  return removeIfLate(task, outcome, taskOptions);
}

/**
 * Deletes an output that may be there although its source was deleted: the event of the deletion may have
 * been handled before there was an output. Resolves to the outcome where the output stays, and to a
 * failure where OSS does not say what is there.
 */
export async function removeIfLate(task: Task, outcome: Outcome, options: TaskOptions): Promise<Outcome> {
  try {
    return await removeWithSource(task, outcome, options);
  } catch (error) {
    // Nobody knows whether the output should be there: another attempt asks again.
    const { rule, source, target } = task;
    return { status: 'failed', rule, source, target, ...describeError(error), kind: 'transient' };
  }
}

async function removeWithSource(task: Task, outcome: Outcome, options: TaskOptions): Promise<Outcome> {
  if (!mayOutliveSource(task, outcome) || (await hasSource(task, options))) {
    return outcome;
  }
  const { rule, source, target } = task;
  const removal = { action: 'remove', rule, source, target } as const;
  const end = await carryOut(removal, options);
  return end.status === 'skipped' ? outcome : removeWithSource(removal, end, options);
}

/** Whether an output that goes with its source was saved, now or by an attempt that got no further. */
function mayOutliveSource(task: Task, outcome: Outcome): boolean {
  if (task.action !== 'remove' && task.onRemove === undefined) {
    return false;
  }
  const isOfEvent = task.action === 'remove' || task.raisedAt !== undefined;
  const isGone = outcome.status === 'failed' && ['NoSuchKey', 'NoSuchFile'].includes(outcome.code);
  const isKept = outcome.status === 'skipped' && outcome.reason !== 'source-exists';
  const isSaved = outcome.status === 'saved' || (isKept && outcome.reason === 'already-saved');
  return isSaved || (isOfEvent && (isGone || isKept));
}
