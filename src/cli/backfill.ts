import { readJournal } from '../backfill/journal-file.ts';
import { stopTasks } from '../backfill/run-tasks.ts';
import { type BackfillJob, jobOptions, openBackfillJob } from './backfill-job.ts';
import { runBackfill, withFolder } from './backfill-run.ts';
import { CliError, defineCommand, type Io, unlessStopped } from './command.ts';
import { connectionOptions, withConnection } from './connection.ts';

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
        values.stop ? unlessStopped(stop(job, io), io.stop) : runBackfill(job, values, io, connection),
      );
    }),
});

async function stop({ folder, taskClient, endpoint }: BackfillJob, io: Io): Promise<number> {
  const stored = readJournal(folder);
  if (taskClient === undefined || stored === undefined) {
    throw new CliError('--stop: the same command was not started with --via function.');
  }
  if (stored.state.endpoint !== endpoint) {
    throw new CliError(`--stop: the batches were handed over at ${stored.state.endpoint}, not ${endpoint}.`);
  }
  const count = await stopTasks(taskClient, stored.state);
  io.out(`${count} batches stopped. The same command without --stop hands over again what they left.\n`);
  return 0;
}
