import { noCounts } from '../backfill/journal.ts';
import { listingSource } from '../backfill/listing.ts';
import { countOrphans, type Orphans, type Scan } from '../orphans/find.ts';
import { removeOrphans } from '../orphans/remove.ts';
import { formatObject } from '../pipeline/result.ts';
import { bytes, formatSkipped, number } from './backfill-report.ts';
import { CliError, type Command, type Io, type Values } from './command.ts';
import { connectionOptions, withConnection } from './connection.ts';
import { carryOutJob, findStart, type Start, type Tools, withFolder } from './journaled-job.ts';
import { type OrphansJob, openOrphansJob, orphansOptions, scanSources } from './orphans-job.ts';
import { createProgress, formatTable, printable, type Row } from './terminal.ts';

export const orphans: Command = {
  summary: 'Lists outputs whose source is gone, and deletes them if you say so.',
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
  heedsStop: true,
  run: (values, io, urls) =>
    withConnection(values, io, async (connection) => {
      if (values.delete === true && values.rule === undefined && urls.length === 0) {
        throw new CliError('--delete: say of which rule (--rule) or where (oss://bucket/prefix/).');
      }
      const job = await openOrphansJob(values, urls, connection);
      return withFolder(job, async () => {
        const scan = await look(io, (onSource) => scanSources(job, connection.call, onSource));
        const restart = values.restart === true || values.delete !== true;
        const start = await findStart(job, { restart }, io, () => dryRun(job, scan, values, io));
        return start === undefined
          ? 0
          : carryOutJob(job, start, io, connection, (tools) => deleteOrphans(job, scan, tools, io));
      });
    }),
};

async function deleteOrphans(job: OrphansJob, scan: Scan, tools: Tools, io: Io): Promise<void> {
  const sources = listingSource(job.sources, tools.call);
  const count = await removeOrphans({ ...tools, source: job.source, scan, sources });
  if (count > 0) {
    const since = new Date(scan.startedAtMs).toISOString();
    io.err(
      `${number(count)} of them belong to objects that were uploaded meanwhile. To make them again:\n  oss-saveas backfill … --only-missing --since ${since}\n`,
    );
  }
}

/** Shows how many objects were looked at so far, and gives up where the person does. */
async function look<T>(io: Io, search: (onObject: (objects: number) => void) => Promise<T>): Promise<T> {
  const draw = createProgress(io);
  const found = await search((objects) => {
    io.stop.throwIfAborted();
    if (objects % 1_000 === 0) {
      draw(`${objects} objects looked at`);
    }
  });
  draw('');
  return found;
}

async function dryRun(job: OrphansJob, scan: Scan, values: Values, io: Io): Promise<Start | undefined> {
  const found = await look(io, (onObject) =>
    countOrphans(job.source, scan, (objects, orphan) => {
      onObject(objects);
      if (orphan !== undefined && values.list === true) {
        io.out(`${printable(formatObject(orphan))}\n`);
      }
    }),
  );
  const show = values.list === true ? io.err : io.out;
  show(formatOrphans(found, job, scan));
  if (found.orphans === 0 || values.delete !== true) {
    return undefined;
  }
  if (values.yes !== true && io.confirm === undefined) {
    io.err('This was a dry run. Give --yes to delete them.\n');
  }
  const question = `Delete ${number(found.orphans)} objects for good?`;
  const isWanted = values.yes === true || (await io.confirm?.(question));
  const startedAt = new Date().toISOString();
  const digests = { rules: job.rulesDigest, input: job.source.fingerprint };
  return isWanted
    ? { fresh: { startedAt, ...digests, expectedObjects: found.objects, counts: noCounts } }
    : undefined;
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
  const examples = sample.length === 0 ? [] : ['', 'For example:', ...sample.map(exampleOf), '', ...warning];
  const all = sources === 0 && count > 0 ? ['', 'No source is there at all: is this the right bucket?'] : [];
  return formatTable([...rows, ...leftOut, ...all, ...examples, '']);
}

const exampleOf = (object: Orphans['sample'][number]) => `  ${formatObject(object)}`;

const warning = [
  'A file that somebody else put under a name that an output could have looks just the',
  'same. --list prints all of them; --rule or a longer prefix leaves such files out.',
];
