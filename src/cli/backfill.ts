import { estimate, secondsUnder } from '../backfill/estimate.ts';
import { noCounts } from '../backfill/journal.ts';
import { readJournal } from '../backfill/journal-file.ts';
import { runObjects } from '../backfill/run-objects.ts';
import { runTasks, stopTasks } from '../backfill/run-tasks.ts';
import { type BackfillJob, jobOptions, openBackfillJob } from './backfill-job.ts';
import { formatEstimate } from './backfill-report.ts';
import { CliError, type Command, type Io, type Values } from './command.ts';
import { connectionOptions, withConnection } from './connection.ts';
import { carryOutJob, findStart, type Start, type Tools, withFolder } from './journaled-job.ts';
import { createProgress } from './terminal.ts';

export const backfill: Command = {
  summary: 'Makes the outputs of objects that are there already: a dry run first, then, if you say so, all.',
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
      const job = await openBackfillJob(values, urls, io, connection);
      return withFolder(job, async () => {
        if (values.stop) {
          return stop(job, io);
        }
        const start = await findStart(job, { restart: values.restart === true }, io, () =>
          dryRun(job, values, io),
        );
        return start === undefined
          ? 0
          : carryOutJob(job, start, io, connection, (tools) => makeOutputs(job, tools));
      });
    }),
};

async function dryRun(job: BackfillJob, values: Values, io: Io): Promise<Start | undefined> {
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

async function stop({ folder, taskClient }: BackfillJob, io: Io): Promise<number> {
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

/** Makes the outputs, from here or by the deployed function. */
function makeOutputs(job: BackfillJob, { journal, call, pace, sleep, stop }: Tools): Promise<void> {
  const { source, ruleSet, filter, onlyMissing, taskClient: client } = job;
  const options = { source, ruleSet, filter, journal, call, pace, stop };
  if (client === undefined) {
    return runObjects({ ...options, savedSince: onlyMissing ? 0 : undefined });
  }
  const savedSince = onlyMissing ? 0 : Date.parse(journal.state.startedAt);
  return runTasks({ ...options, client, savedSince, sleep });
}
