import { readJournal } from '../backfill/journal-file.ts';
import { stopTasks } from '../backfill/run-tasks.ts';
import {
  type BackfillPlan,
  jobOptions,
  openBackfillSource,
  planBackfill,
  removeInput,
} from './backfill-job.ts';
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
    stop: { summary: 'with --via function: stops the submitted batches' },
    restart: { summary: 'starts over, whatever the journal says' },
    yes: { summary: 'starts after the dry run without asking' },
  },
  handlesStop: true,
  run: (values, io, urls) =>
    withConnection(values, io, async (connection) => {
      const plan = await planBackfill(values, urls, io, connection);
      return withFolder(plan.folder, async () => {
        if (values.stop) {
          return unlessStopped(stop(plan, io), io.stop);
        }
        try {
          const opening = openBackfillSource(values, urls, plan, { call: connection.lastingCall, io });
          const source = await unlessStopped(opening, io.stop);
          return await runBackfill({ ...plan, source }, values, io, connection);
        } finally {
          removeInput(plan.folder, values.restart);
        }
      });
    }),
});

async function stop({ folder, taskClient }: BackfillPlan, io: Io): Promise<number> {
  const stored = readJournal(folder);
  if (taskClient === undefined || stored === undefined) {
    throw new CliError('--stop: the same command was not started with --via function.');
  }
  const count = await stopTasks(taskClient, stored.state);
  io.out(`${count} batches stopped. The same command without --stop submits again what they left.\n`);
  return 0;
}
