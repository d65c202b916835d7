import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { estimate } from '../backfill/estimate.ts';
import { Journal, noCounts, totalOf } from '../backfill/journal.ts';
import {
  failuresBytesOf,
  failuresFileOf,
  type JournalState,
  readJournal,
  type StoredJournal,
} from '../backfill/journal-file.ts';
import { createPace } from '../backfill/pace.ts';
import { runObjects } from '../backfill/run-objects.ts';
import { batchesReminder, runTasks, stopTasks } from '../backfill/run-tasks.ts';
import type { Source } from '../backfill/source.ts';
import { FailureStreak } from '../backfill/work-through.ts';
import { lockFolder } from '../folder-lock.ts';
import { printable } from '../printable.ts';
import type { BackfillJob } from './backfill-job.ts';
import { formatCounts, formatEstimate, number, progressOf } from './backfill-report.ts';
import { CliError, type Io, unlessStopped } from './command.ts';
import type { Connection } from './connection.ts';
import { createProgress, shellWord } from './terminal.ts';

/** Locks the backfill's folder for this process. Removes it again if it stayed empty, as after a dry run. */
export async function withFolder(folder: string, use: () => Promise<number>): Promise<number> {
  const made = existsSync(dirname(folder)) ? [folder] : [folder, dirname(folder)];
  const unlock = lockFolder(folder, (pid) => `process ${pid} is working on this backfill.`);
  try {
    return await use();
  } finally {
    unlock();
    for (const dir of made) {
      if (readdirSync(dir).length === 0) {
        rmdirSync(dir);
      }
    }
  }
}

/** Continues a backfill that was agreed to; otherwise asks after a dry run. Resolves to the exit code. */
export async function runBackfill(
  job: BackfillJob,
  { restart, yes }: { restart: boolean; yes: boolean },
  io: Io,
  connection: Connection,
): Promise<number> {
  const stored = readJournal(job.folder, restart);
  const isUnfinished = stored !== undefined && stored.state.finishedAt === undefined;
  const answer = isUnfinished && !restart ? await askToGoOn(job, stored, yes, io) : 'anew';
  const fresh = answer === 'anew' ? await dryRun(job, yes, io) : undefined;
  if (fresh !== undefined && isUnfinished && job.taskClient !== undefined) {
    // Otherwise the function would also go on with the batches that it still has.
    const count = await unlessStopped(stopTasks(job.taskClient, stored.state), io.stop);
    io.err(`${count} batches of the previous backfill were stopped.\n`);
  }
  return answer === 'go on' || fresh !== undefined ? carryOut(job, fresh, io, connection) : 0;
}

/** Asks about a change that nobody agreed to. Throws CliError with a hint if nobody is there to answer. */
async function askToGoOn(job: BackfillJob, stored: StoredJournal, yes: boolean, io: Io) {
  const { startedAt, endsAt } = stored.state;
  // How many objects are complete is known only after reading them again.
  const counts = formatCounts(totalOf(stored));
  const change = findChange(job, stored.state);
  // The user agreed only to as many as --max said.
  if (change === undefined && (yes || endsAt === undefined)) {
    const rest = job.taskClient === undefined ? '' : '; batches submitted since then are followed';
    io.err(`Continuing: ${counts} since ${startedAt}${rest}.\n`);
    return 'go on';
  }
  const [answer, question, hint] =
    change === undefined
      ? (['go on', 'Continue?', 'give --yes to continue, or --restart to start over.'] as const)
      : (['anew', 'Start over?', 'give --restart to start over, or undo the change to continue.'] as const);
  const state = `${change ?? 'this backfill is not finished'} (${counts})`;
  if (io.confirm === undefined) {
    throw new CliError(`${state}: ${hint}`);
  }
  return (await io.confirm(`${state}. ${question}`)) ? answer : 'leave';
}

/** Says what has changed since the journal began, so that nobody has agreed to continuing. */
function findChange({ rulesDigest, source }: BackfillJob, before: JournalState): string | undefined {
  if (before.rules !== rulesDigest) {
    return 'the rules changed since this backfill began';
  }
  return before.input === source.fingerprint
    ? undefined
    : `the contents of ${source.name} changed since this backfill began`;
}

/** The journal to start with; undefined if there is nothing to do, or the user declines. */
async function dryRun(job: BackfillJob, yes: boolean, io: Io): Promise<JournalState | undefined> {
  const { rulesDigest: rules, source } = job;
  const found = await unlessStopped(estimate({ ...job, source: watched(source, io) }), io.stop);
  io.out(formatEstimate(found, job));
  if (found.outputs === 0 || !(await isWanted('Start?', yes, io))) {
    return undefined;
  }
  const identity = { rules, input: source.fingerprint };
  const startedAt = new Date().toISOString();
  return { startedAt, ...identity, expectedSelected: found.selected, counts: noCounts, failuresBytes: 0 };
}

/** Whether the user wants what the dry run has shown. */
export async function isWanted(question: string, yes: boolean, io: Io): Promise<boolean> {
  if (!yes && io.confirm === undefined) {
    io.err('This was a dry run. Give --yes to start.\n');
  }
  return yes || (await io.confirm?.(question)) === true;
}

/** A source that shows how many of its objects were read. */
export function watched(source: Source, io: Io): Source {
  return {
    ...source,
    async *read(behind) {
      const draw = createProgress(io);
      let objects = 0;
      for await (const entry of source.read(behind)) {
        objects += 1;
        if (objects % 1_000 === 0) {
          draw(`${objects} objects looked at`);
        }
        yield entry;
      }
      draw('');
    },
  };
}

/**
 * Shows progress: on a terminal as a line updated every second, otherwise as a new line every ten seconds.
 * Explains Ctrl-C when it is pressed. The returned function ends this.
 */
export function showProgress(line: () => string, hint: string, io: Io): () => void {
  const draw = createProgress(io);
  const show = () => (io.isTerminal ? draw(line()) : io.err(`${line()}\n`));
  const onStop = () => io.err(`\n${hint}\n`);
  io.stop.addEventListener('abort', onStop, { once: true });
  const timer = setInterval(show, io.isTerminal ? 1_000 : 10_000);
  return () => {
    io.stop.removeEventListener('abort', onStop);
    clearInterval(timer);
    show();
    draw('');
  };
}

/** Does the work, here or by the function, and shows its progress. Resolves to 1 if anything failed. */
async function carryOut(
  job: BackfillJob,
  fresh: JournalState | undefined,
  io: Io,
  { callBy, patience, sleep }: Connection,
): Promise<number> {
  const journal = new Journal(job.folder, fresh, job.max);
  const pace = createPace({ ...job.quota, now: () => performance.now(), sleep });
  const call = callBy({
    ...patience,
    onRetry: ({ kind }) => (kind === 'throttled' ? pace.throttled() : undefined),
  });
  const hint =
    job.taskClient === undefined
      ? 'Waiting for the calls in progress. Ctrl-C again ends at once; they are then made again.'
      : batchesReminder;
  const stopShowing = showProgress(progressOf(journal, pace), hint, io);
  try {
    const work = { ...job, journal, streak: new FailureStreak(), call, pace, sleep, stop: io.stop };
    const { taskClient: client } = job;
    await (client === undefined ? runObjects(work) : runTasks({ ...work, client }));
  } finally {
    stopShowing();
    showEnd(job, journal, io);
  }
  return journal.total.failed > 0 ? 1 : 0;
}

function showEnd({ folder }: BackfillJob, { state, total, failuresToRetry }: Journal, io: Io): void {
  const again = failuresToRetry > 0 ? `, and retries ${number(failuresToRetry)} of the failed outputs` : '';
  const end =
    state.finishedAt === undefined ? `Not finished: the same command continues${again}.` : 'Finished.';
  const objects = `${number(total.objects)} object${total.objects === 1 ? '' : 's'}`;
  io.out(`${objects}: ${formatCounts(total)}. ${end}\n`);
  if (total.failed > failuresToRetry && failuresBytesOf(folder) > 0) {
    const file = printable(failuresFileOf(folder));
    const retry = `oss-saveas backfill … --keys ${shellWord(file)}`;
    io.err(`${file} says what failed and why. To retry:\n  ${retry}\n`);
  }
}
