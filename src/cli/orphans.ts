import { listingSource } from '../backfill/listing.ts';
import { countOrphans, type Orphans, type Scan } from '../orphans/find.ts';
import { removeOrphans } from '../orphans/remove.ts';
import { formatObject } from '../pipeline/result.ts';
import { printable } from '../printable.ts';
import type { OssObject } from '../process.ts';
import { bytes, formatSkipped, number } from './backfill-report.ts';
import { CliError, defineCommand, type Io, unlessStopped } from './command.ts';
import { connectionOptions, withConnection } from './connection.ts';
import { type JournaledJob, runJob, withFolder } from './journaled-job.ts';
import { type OrphansJob, openOrphansJob, orphansOptions, scanSources } from './orphans-job.ts';
import { formatTable, type Row } from './terminal.ts';

export const orphans = defineCommand({
  positionals: {
    name: 'oss://bucket/prefix/',
    summary: 'where to look (default: wherever the rules save)',
    many: true,
  },
  options: {
    ...connectionOptions,
    ...orphansOptions,
    list: { summary: 'prints every orphan, one a line' },
    delete: { summary: 'deletes them: asks after the dry run, and needs --rule or a place' },
    restart: { summary: 'begins anew, whatever the journal says' },
    yes: { summary: 'with --delete: deletes after the dry run without asking' },
  },
  heedsStop: () => true,
  run: (values, io, urls) =>
    withConnection(values, io, async (connection) => {
      if (values.delete && values.rule === undefined && urls.length === 0) {
        throw new CliError('--delete: say of which rule (--rule) or where (oss://bucket/prefix/).');
      }
      const job = await openOrphansJob(values, urls, connection);
      return withFolder(job, async () => {
        const scan = await unlessStopped(scanSources(job, connection.call, io), io.stop);
        const steps = stepsOf(job, scan, values, io);
        const restart = values.restart || !values.delete;
        return runJob({ ...job, ...steps }, { ...values, restart }, io, connection);
      });
    }),
});

function stepsOf(
  job: OrphansJob,
  scan: Scan,
  values: { list: boolean; delete: boolean },
  io: Io,
): Pick<JournaledJob, 'dryRun' | 'work'> {
  return {
    async dryRun(source) {
      const show = (orphan: OssObject) => io.out(`${printable(formatObject(orphan))}\n`);
      const found = await countOrphans(source, scan, values.list ? show : () => {});
      const text = formatOrphans(found, job, scan);
      (values.list ? io.err : io.out)(text);
      const question = `Delete ${number(found.orphans)} objects for good?`;
      // The last look at the sources compares with it, also in a later run.
      const startedAt = new Date(scan.startedAtMs).toISOString();
      return found.orphans > 0 && values.delete ? { objects: found.objects, question, startedAt } : undefined;
    },
    async work(options) {
      const sources = listingSource(job.sources, options.call);
      const count = await removeOrphans({ ...options, scan, sources });
      if (count > 0) {
        const since = options.journal.state.startedAt;
        io.err(
          `${number(count)} of them may belong to objects that were uploaded meanwhile. To make them again:\n  oss-saveas backfill … --only-missing --since ${since}\n`,
        );
      }
    },
  };
}

function formatOrphans(found: Orphans, { source, targets }: OrphansJob, { sources }: Scan): string {
  const { objects, orphans: count, sizeBytes, skipped, sample } = found;
  const rows: Row[] = [
    `Dry run over ${source.name}:`,
    '',
    ['  sources', `${number(sources)} that are there`],
    ['  objects', `${number(objects)} seen`],
    ['  left alone', formatSkipped(skipped) || 'none'],
    ['  orphans', `${number(count)}, ${bytes(sizeBytes)}`],
  ];
  const leftOut = targets.leftOut.map(
    ({ rule, index, reason }) => `- rule ${rule}, outputs[${index}], is left out: ${reason}`,
  );
  const examples =
    sample.length === 0
      ? []
      : ['', 'For example:', ...sample.map((object) => `  ${formatObject(object)}`), '', ...warning];
  const all = sources === 0 && count > 0 ? ['', 'No source is there at all: is this the right bucket?'] : [];
  return formatTable([...rows, ...leftOut, ...all, ...examples, '']);
}

const warning = [
  'A file that somebody else put under a name that an output could have looks just the',
  'same. --list prints all of them; --rule or a longer prefix leaves such files out.',
];
