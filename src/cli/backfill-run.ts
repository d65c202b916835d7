import { createHash } from 'node:crypto';
import { readdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Journal, noCounts, totalOf } from '../backfill/journal.ts';
import {
  failuresFileOf,
  type JournalState,
  readJournal,
  type StoredJournal,
} from '../backfill/journal-file.ts';
import { createPace, type Pace } from '../backfill/pace.ts';
import type { Quota } from '../backfill/quota.ts';
import type { Source } from '../backfill/source.ts';
import type { WorkOptions } from '../backfill/work-through.ts';
import { lockFolder } from '../folder-lock.ts';
import { printable } from '../printable.ts';
import { formatCounts, formatProgress, number } from './backfill-report.ts';
import { CliError, type Io, type Option, unlessStopped } from './command.ts';
import type { Connection } from './connection.ts';
import { createProgress } from './terminal.ts';

/** A long job over many objects, which the same command goes on with after whatever ended it. */
export interface JournaledJob {
  /** The job in messages. */
  noun: string;
  /** The end of its outputs or objects, as its summaries count it. */
  done: 'saved' | 'removed';
  /** Holds its journal: the same for the same command. */
  folder: string;
  /** The place where it works, in words: nothing that was agreed to for one endpoint happens at another one. */
  endpoint: string;
  rulesDigest: string;
  source: Source;
  quota: Quota;
  /** Ends after so many selected objects. */
  max?: number | undefined;
  /** Says how to try again what failed, as the file of failures lists it. */
  howToRetry: (failuresFile: string) => string;
  /** Shows what there is to do about the objects; undefined where that is nothing, or was not asked for. */
  dryRun: (source: Source) => Promise<{ objects: number; question: string; startedAt?: string } | undefined>;
  work: (options: WorkOptions) => Promise<void>;
}

export const journalOption = {
  value: 'folder',
  summary: 'where it keeps how far it is (default .backfill beside the rules)',
} as const satisfies Option;

/** The folder of a job's journal: the same for the same command, whatever the rules say and however fast it goes. */
export function journalFolder(
  { rules, journal = join(dirname(rules), '.backfill') }: { rules: string; journal: string | undefined },
  command: object,
): string {
  return join(journal, digestOf(JSON.stringify(command)));
}

/** Twelve hex digits of a SHA-256, which tell one command or rules file from another. */
export function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}

/** Lets only this process work in the job's folder, and leaves no empty one behind, as after a dry run. */
export async function withFolder<T>(
  { folder, noun }: Pick<JournaledJob, 'folder' | 'noun'>,
  use: () => Promise<T>,
): Promise<T> {
  const unlock = lockFolder(folder, (pid) => `process ${pid} is at work on this ${noun}.`);
  try {
    return await use();
  } finally {
    unlock();
    for (const dir of [folder, dirname(folder)]) {
      if (readdirSync(dir).length === 0) {
        rmdirSync(dir);
      }
    }
  }
}

/** Goes on with what is unfinished and agreed to; else asks after a dry run. Resolves to the exit code. */
export async function runJob(
  job: JournaledJob,
  { restart, yes }: { restart: boolean; yes: boolean },
  io: Io,
  connection: Connection,
): Promise<number> {
  const stored = restart ? undefined : readJournal(job.folder);
  const isUnfinished = stored !== undefined && stored.state.finishedAt === undefined;
  const answer = isUnfinished ? await askToGoOn(job, stored, yes, io) : 'anew';
  const fresh = answer === 'anew' ? await dryRun(job, yes, io, connection) : undefined;
  return answer === 'go on' || fresh !== undefined ? carryOut(job, fresh, io, connection) : 0;
}

async function askToGoOn(job: JournaledJob, stored: StoredJournal, yes: boolean, io: Io) {
  const { startedAt, endsAt } = stored.state;
  // Only another look at the objects will tell how many are complete.
  const counts = formatCounts(totalOf(stored), job.done);
  const change = findChange(job, stored.state);
  if (change !== undefined) {
    const hint = 'give --restart to begin anew, or undo the change to go on.';
    return (await confirm(`${change} (${counts})`, 'Begin anew?', hint, io)) ? 'anew' : 'leave';
  }
  // A deletion cannot be undone, and --max was all that somebody agreed to.
  if (!yes && (job.done === 'removed' || endsAt !== undefined)) {
    const hint = 'give --yes to go on, or --restart to begin anew.';
    const state = `this ${job.noun} is not finished (${counts})`;
    return (await confirm(state, 'Go on?', hint, io)) ? 'go on' : 'leave';
  }
  io.err(`Going on: ${counts} since ${startedAt}.\n`);
  return 'go on';
}

/** Says what is another than when the journal began, so that nobody has agreed to going on with it. */
function findChange({ noun, endpoint, rulesDigest, source }: JournaledJob, before: JournalState) {
  if (before.endpoint === undefined) {
    return `the journal of this ${noun} is of an earlier version and names no endpoint`;
  }
  const changes = [
    before.endpoint !== endpoint &&
      `the endpoint was ${before.endpoint} when this ${noun} began, and is ${endpoint}`,
    before.rules !== rulesDigest && `the rules changed since this ${noun} began`,
    before.input !== source.fingerprint && `what ${source.name} holds changed since this ${noun} began`,
  ];
  return changes.find((change) => change !== false);
}

/** Asks the person; throws CliError with a hint where nobody is there to answer. */
async function confirm(state: string, question: string, hint: string, io: Io): Promise<boolean> {
  if (io.confirm === undefined) {
    throw new CliError(`${state}: ${hint}`);
  }
  return io.confirm(`${state}. ${question}`);
}

/** The journal to begin with; undefined where there is nothing to do, or the person does not want it. */
async function dryRun(
  job: JournaledJob,
  yes: boolean,
  io: Io,
  { clock }: Connection,
): Promise<JournalState | undefined> {
  const found = await unlessStopped(job.dryRun(watched(job.source, io)), io.stop);
  if (found !== undefined && !yes && io.confirm === undefined) {
    io.err('This was a dry run. Give --yes to start.\n');
  }
  const isWanted = found !== undefined && (yes || (await io.confirm?.(found.question)));
  // It is compared with when OSS saved outputs.
  const startedAt = found?.startedAt ?? new Date(Date.now() + clock.offsetMs).toISOString();
  const { endpoint, rulesDigest: rules, source } = job;
  const identity = { endpoint, rules, input: source.fingerprint };
  return isWanted ? { startedAt, ...identity, expectedObjects: found.objects, counts: noCounts } : undefined;
}

/** A source that shows how many of its objects were looked at, and ends where the person gives up. */
export function watched(source: Source, io: Io): Source {
  return {
    ...source,
    async *read(behind) {
      const draw = createProgress(io);
      let objects = 0;
      for await (const entry of source.read(behind)) {
        io.stop.throwIfAborted();
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

/** A call that fails in 6 attempts, with pauses that add up to 15 s on the average, has met no passing fault. */
const maxAttempts = 6;

/** Does the work, shows how far it is, and resolves to the exit code: 1 where anything failed. */
async function carryOut(
  job: JournaledJob,
  fresh: JournalState | undefined,
  io: Io,
  { callBy }: Connection,
): Promise<number> {
  const journal = new Journal(job.folder, fresh);
  const sleep = (delayMs: number) => pause(delayMs, undefined, { signal: io.stop });
  const pace = createPace({ ...job.quota, now: Date.now, sleep });
  const call = callBy({
    maxAttempts,
    sleep,
    onRetry: ({ kind }) => (kind === 'throttled' ? pace.throttled() : undefined),
  });
  const endsAt = job.max && journal.state.counts.selected + job.max;
  journal.checkpoint({ finishedAt: undefined, endsAt });
  const stopShowing = showProgress(job, journal, pace, io);
  try {
    await job.work({ source: job.source, journal, call, pace, sleep, stop: io.stop });
    const isFinished = !io.stop.aborted && !journal.isAtEnd();
    journal.checkpoint({ finishedAt: isFinished ? new Date().toISOString() : undefined });
  } finally {
    stopShowing();
    showEnd(job, journal, io);
  }
  return journal.total.failed > 0 ? 1 : 0;
}

function showEnd({ folder, done, howToRetry }: JournaledJob, { state, total }: Journal, io: Io): void {
  const end = state.finishedAt === undefined ? 'Not finished: the same command goes on.' : 'Finished.';
  const objects = `${number(total.objects)} object${total.objects === 1 ? '' : 's'}`;
  io.out(`${objects}: ${formatCounts(total, done)}. ${end}\n`);
  if (total.failed > 0) {
    const file = printable(failuresFileOf(folder));
    io.err(`${file} says what failed and why. ${howToRetry(file)}\n`);
  }
}

/** A line every second where somebody watches, every ten into a pipe; the answer ends it. */
function showProgress({ done }: JournaledJob, journal: Journal, { attempts }: Pace, io: Io): () => void {
  const draw = createProgress(io);
  const startMs = Date.now();
  const before = { state: journal.state, total: journal.total };
  const show = () => {
    const seconds = (Date.now() - startMs) / 1_000;
    const line = formatProgress({ now: journal, before, done, seconds, attempts });
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
    io.stop.removeEventListener('abort', onStop);
    clearInterval(timer);
    show();
    draw('');
  };
}
