import { estimate } from '../backfill/estimate.ts';
import { readJournal } from '../backfill/journal-file.ts';
import { runObjects } from '../backfill/run-objects.ts';
import { runTasks, stopTasks } from '../backfill/run-tasks.ts';
import { type BackfillJob, jobOptions, openBackfillJob } from './backfill-job.ts';
import { formatEstimate } from './backfill-report.ts';
import { CliError, defineCommand, type Io, unlessStopped } from './command.ts';
import { connectionOptions, withConnection } from './connection.ts';
import { type JournaledJob, runJob, withFolder } from './journaled-job.ts';

export const backfill = defineCommand({
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
  heedsStop: () => true,
  run: (values, io, urls) =>
    withConnection(values, io, async (connection) => {
      const job = await unlessStopped(openBackfillJob(values, urls, io, connection), io.stop);
      return withFolder(job, () =>
        values.stop
          ? unlessStopped(stop(job, io), io.stop)
          : runJob({ ...job, ...stepsOf(job, io) }, values, io, connection),
      );
    }),
});

/** The outputs are made from here, or by the deployed function. */
function stepsOf(job: BackfillJob, io: Io): Pick<JournaledJob, 'dryRun' | 'work'> {
  return {
    async dryRun(source) {
      const found = await estimate({ ...job, source });
      io.out(formatEstimate(found, job));
      return found.outputs > 0 ? { objects: found.objects, question: 'Start?' } : undefined;
    },
    work(options) {
      const { ruleSet, rulesDigest, filter, onlyMissing, taskClient: client } = job;
      if (client === undefined) {
        return runObjects({ ...options, ruleSet, filter, savedSince: onlyMissing ? 0 : undefined });
      }
      return runTasks({ ...options, ruleSet, rulesDigest, filter, client, onlyMissing });
    },
  };
}

async function stop({ folder, taskClient, endpoint }: BackfillJob, io: Io): Promise<number> {
  const stored = readJournal(folder);
  if (taskClient === undefined || stored === undefined) {
    throw new CliError('--stop: the same command was not started with --via function.');
  }
  if ((stored.state.endpoint ?? endpoint) !== endpoint) {
    throw new CliError(`--stop: the batches were handed over at ${stored.state.endpoint}, not ${endpoint}.`);
  }
  const count = await stopTasks(taskClient, stored.state);
  io.out(`${count} batches stopped. The same command without --stop hands over again what they left.\n`);
  return 0;
}
