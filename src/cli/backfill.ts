import { estimate, secondsUnder } from '../backfill/estimate.ts';
import { readJournal } from '../backfill/journal-file.ts';
import { runObjects } from '../backfill/run-objects.ts';
import { runTasks, stopTasks } from '../backfill/run-tasks.ts';
import type { WorkOptions } from '../backfill/work-through.ts';
import { type BackfillJob, jobOptions, openBackfillJob } from './backfill-job.ts';
import { formatEstimate } from './backfill-report.ts';
import { CliError, defineCommand, type Io, unlessStopped } from './command.ts';
import { connectionOptions, withConnection } from './connection.ts';
import { type JobSteps, runJob, withFolder } from './journaled-job.ts';

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
      const steps: JobSteps = {
        dryRun: (onObject) => dryRun(job, io, onObject),
        work: (options) => makeOutputs(job, options),
      };
      return withFolder(job, () =>
        values.stop ? unlessStopped(stop(job, io), io.stop) : runJob(job, steps, values, io, connection),
      );
    }),
});

async function dryRun(job: BackfillJob, io: Io, onObject: (objects: number) => void) {
  const { source, region, quota } = job;
  const found = await estimate(job, onObject);
  const isViaFunction = job.taskClient !== undefined;
  const seconds = secondsUnder(quota, found);
  io.out(formatEstimate(found, { source: source.name, region, quota, seconds, isViaFunction }));
  return found.outputs > 0 ? { objects: found.objects, question: 'Start?' } : undefined;
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
function makeOutputs(job: BackfillJob, options: WorkOptions): Promise<void> {
  const { ruleSet, filter, onlyMissing, taskClient: client } = job;
  if (client === undefined) {
    return runObjects({ ...options, ruleSet, filter, savedSince: onlyMissing ? 0 : undefined });
  }
  const savedSince = onlyMissing ? 0 : Date.parse(options.journal.state.startedAt);
  return runTasks({ ...options, ruleSet, filter, client, savedSince });
}
