import { setMaxListeners } from 'node:events';
import { readdirSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { estimate, secondsUnder } from '../backfill/estimate.ts';
import { Journal, noCounts, totalOf } from '../backfill/journal.ts';
import { failuresFileOf, type JournalState, readJournal } from '../backfill/journal-file.ts';
import { createPace, type Pace } from '../backfill/pace.ts';
import { maxConcurrency, runObjects } from '../backfill/run-objects.ts';
import { runTasks, stopTasks } from '../backfill/run-tasks.ts';
import { lockFolder } from '../folder-lock.ts';
import { createCall } from '../oss/call.ts';
import { createAgent } from '../oss/request.ts';
import { type Job, jobOptions, openJob } from './backfill-job.ts';
import { formatEstimate, formatProgress, formatSummary } from './backfill-report.ts';
import { CliError, type Command, type Io, type Values } from './command.ts';
import { type Connection, connectionOptions, withConnection } from './connection.ts';
import { createProgress, printable } from './terminal.ts';

export const backfill: Command = {
  positionals: {
    name: 'oss://bucket/prefix/',
    summary: 'where to look (default: wherever the rules look)',
    many: true,
  },
  options: {
    ...connectionOptions,
    ...jobOptions,
    stop: { summary: 'with --via function: stops the batches that were handed over' },
    restart: { summary: 'begins anew, whatever the journal says' },
    yes: { summary: 'starts after the dry run without asking' },
  },
  heedsStop: true,
  run: (values, io, urls) =>
    withConnection(values, io, async (connection) => {
      const job = await openJob(values, urls, io, connection);
      const unlock = lockFolder(job.folder, (pid) => `process ${pid} is at work on this backfill.`);
      try {
        if (values.stop) {
          return await stop(job, io);
        }
        const start = await findStart(job, values, io);
        return start === undefined
          ? 0
          : await carryOut(job, new Journal(job.folder, start.fresh), io, connection);
      } finally {
        unlock();
        removeIfEmpty(job.folder);
      }
    }),
};

/** A dry run leaves nothing behind. */
function removeIfEmpty(folder: string): void {
  for (const dir of [folder, dirname(folder)]) {
    if (readdirSync(dir).length === 0) {
      rmdirSync(dir);
    }
  }
}

/** Goes on with what is unfinished, without a question; else asks after a dry run. Undefined: not to be started. */
async function findStart(job: Job, values: Values, io: Io): Promise<{ fresh?: JournalState } | undefined> {
  const stored = values.restart ? undefined : readJournal(job.folder);
  if (stored === undefined || stored.state.finishedAt !== undefined) {
    return dryRun(job, values, io);
  }
  const { rules, input, startedAt } = stored.state;
  const counts = formatSummary(totalOf(stored));
  if (rules === job.rulesDigest && input === job.source.fingerprint) {
    io.err(`Going on: ${counts} since ${startedAt}.\n`);
    return {};
  }
  const what = rules === job.rulesDigest ? `what ${job.source.name} holds` : 'the rules';
  const change = `${what} changed since this backfill began (${counts})`;
  if (io.confirm === undefined) {
    throw new CliError(`${change}: give --restart to begin anew, or undo the change to go on.`);
  }
  const isAnew = await io.confirm(`${change}. Begin anew?`);
  return isAnew ? dryRun(job, values, io) : undefined;
}

async function dryRun(job: Job, values: Values, io: Io): Promise<{ fresh: JournalState } | undefined> {
  const { source, quota } = job;
  const draw = createProgress(io);
  const found = await estimate(job, (objects) => {
    io.stop.throwIfAborted();
    if (objects % 1_000 === 0) {
      draw(`${objects} objects looked at`);
    }
  });
  draw('');
  const isViaFunction = job.taskClient !== undefined;
  const seconds = secondsUnder(quota, found);
  io.out(formatEstimate(found, { source: source.name, quota, seconds, isViaFunction }));
  if (found.outputs > 0 && !values.yes && io.confirm === undefined) {
    io.err('This was a dry run. Give --yes to start.\n');
  }
  const isWanted = found.outputs > 0 && (values.yes || (await io.confirm?.('Start?')));
  const startedAt = new Date().toISOString();
  const digests = { rules: job.rulesDigest, input: source.fingerprint };
  return isWanted
    ? { fresh: { startedAt, ...digests, expectedObjects: found.objects, counts: noCounts } }
    : undefined;
}

async function stop({ folder, taskClient }: Job, io: Io): Promise<number> {
  const stored = readJournal(folder);
  if (taskClient === undefined || stored === undefined) {
    throw new CliError('--stop: the same command was not started with --via function.');
  }
  const count = await stopTasks(taskClient, stored.state);
  io.out(
    `${count} batches stopped. The same command without --stop makes what they left, from this machine.\n`,
  );
  return 0;
}

/** A call that fails in 6 attempts, with pauses that add up to 15 s on the average, has met no passing fault. */
const maxAttempts = 6;

async function carryOut(job: Job, journal: Journal, io: Io, connection: Connection): Promise<number> {
  const { source, ruleSet, filter, onlyMissing, folder, taskClient: client } = job;
  setMaxListeners(0, io.stop); // Every call that waits for its turn listens.
  const sleep = (delayMs: number) => pause(delayMs, undefined, { signal: io.stop });
  const pace = createPace({ ...job.quota, now: Date.now, sleep });
  const dispatcher = createAgent(maxConcurrency);
  const { settings, endpoint, credentials } = connection;
  const call = createCall({
    ...{ region: settings.region, endpoint, credentials, dispatcher, maxAttempts, sleep },
    onRetry: ({ kind }) => (kind === 'throttled' ? pace.throttled() : undefined),
  });
  journal.checkpoint({ endsAt: endOf(journal.state, job.max), finishedAt: undefined });
  const stopShowing = showProgress(journal, pace, io);
  try {
    const options = { source, ruleSet, filter, journal, call, pace, stop: io.stop };
    if (client === undefined) {
      await runObjects({ ...options, savedSince: onlyMissing ? 0 : undefined });
    } else {
      const savedSince = onlyMissing ? 0 : Date.parse(journal.state.startedAt);
      await runTasks({ ...options, client, savedSince, sleep });
    }
    const isFinished = !io.stop.aborted && !journal.isAtEnd();
    journal.checkpoint({ finishedAt: isFinished ? new Date().toISOString() : undefined });
  } finally {
    stopShowing();
    journal.close();
    await dispatcher.close();
    showEnd(journal, failuresFileOf(folder), io);
  }
  return journal.total.failed > 0 ? 1 : 0;
}

function showEnd({ state, total }: Journal, failuresFile: string, io: Io): void {
  const end = state.finishedAt === undefined ? 'Not finished: the same command goes on.' : 'Finished.';
  io.out(`${formatSummary(total)}. ${end}\n`);
  if (total.failed > 0) {
    const file = printable(failuresFile);
    io.err(`${file} says what failed and why. To try that again:\n  oss-saveas backfill … --keys ${file}\n`);
  }
}

/** A run with --max that was cut off ends where it would have ended; one that ended goes on for as many again. */
function endOf({ endsAt = 0, counts }: JournalState, max: number | undefined): number | undefined {
  if (max === undefined) {
    return undefined;
  }
  return endsAt > counts.selected ? endsAt : counts.selected + max;
}

/** A line every second where somebody watches, every ten into a pipe; the answer ends it. */
function showProgress(journal: Journal, { attempts }: Pace, io: Io): () => void {
  const draw = createProgress(io);
  const { saved: savedBefore, failed: failedBefore } = journal.total;
  const take = () => {
    const { saved, failed } = journal.total;
    const made = saved - savedBefore + failed - failedBefore;
    return {
      timeMs: Date.now(),
      objects: journal.state.counts.objects,
      made,
      failed,
      attempts: { ...attempts },
    };
  };
  const snapshots = [take()];
  const show = () => {
    const now = take();
    const line = formatProgress(snapshots[0] ?? now, now, journal.state.expectedObjects);
    snapshots.splice(0, Math.max(0, snapshots.push(now) - 10));
    if (io.isTerminal) {
      draw(line);
    } else {
      io.err(`${line}\n`);
    }
  };
  const onStop = () =>
    io.err('\nCalls under way are waited for. Ctrl-C again ends at once; then they are made again.\n');
  io.stop.addEventListener('abort', onStop, { once: true });
  const timer = setInterval(show, io.isTerminal ? 1_000 : 10_000);
  return () => {
    clearInterval(timer);
    show();
    draw('');
  };
}
