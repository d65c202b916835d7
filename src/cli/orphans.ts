import { listingSource } from '../backfill/listing.ts';
import { createPace } from '../backfill/pace.ts';
import { countOrphans, type Orphans, type Scan } from '../orphans/find.ts';
import { type Removal, removeOrphans } from '../orphans/remove.ts';
import { formatObject } from '../pipeline/result.ts';
import { printable } from '../printable.ts';
import type { OssObject } from '../process.ts';
import { defaultBuckets, parsePositive, readWithin, selectRule } from './backfill-job.ts';
import { bytes, formatSkipped, number } from './backfill-report.ts';
import { isWanted, showProgress, watched } from './backfill-run.ts';
import { CliError, defineCommand, type Io, unlessStopped } from './command.ts';
import { type Connection, connectionOptions, withConnection } from './connection.ts';
import { planSearch, type Search, scanSources } from './orphans-search.ts';
import { loadRules, rulesOption } from './project.ts';
import { formatTable, type Row } from './terminal.ts';

export const orphans = defineCommand({
  positionals: {
    name: 'oss://bucket/prefix/',
    summary: 'where to look (default: wherever the rules save)',
    many: true,
  },
  options: {
    ...connectionOptions,
    rules: rulesOption,
    rule: { value: 'name', summary: 'only outputs of this rule' },
    bucket: { value: 'name', summary: 'for rules that name none' },
    list: { summary: 'prints every orphan, one per line' },
    delete: { summary: 'deletes them: asks after the dry run, and needs --rule or a place' },
    rate: { value: 'number', default: '100', summary: 'objects deleted per second' },
    yes: { summary: 'with --delete: deletes after the dry run without asking' },
  },
  handlesStop: true,
  run: (values, io, urls) =>
    withConnection(values, io, async (connection) => {
      const { lastingCall } = connection;
      const { rule, bucket } = values;
      if (values.delete && rule === undefined && urls.length === 0) {
        throw new CliError('--delete: name a rule (--rule) or a place (oss://bucket/prefix/).');
      }
      const rate = parsePositive('rate', values.rate);
      const { source: rules, ruleSet } = await loadRules(values.rules);
      const within = readWithin(urls);
      const buckets = defaultBuckets(selectRule(ruleSet, rule).rules, bucket, within);
      const search = planSearch(rules, { rule, buckets, within }, lastingCall);
      const scan = await unlessStopped(scanSources(search, lastingCall, io), io.stop);
      const count = await unlessStopped(dryRun(search, scan, values.list, io), io.stop);
      const question = `Delete ${number(count)} objects for good?`;
      const isAgreed = count > 0 && values.delete && (await isWanted(question, values.yes, io));
      return isAgreed ? remove(search, scan, { orphans: count, rate, io, connection }) : 0;
    }),
});

/** Shows some orphans, or all of them on request, and resolves to their number. */
async function dryRun(search: Search, scan: Scan, isList: boolean, io: Io): Promise<number> {
  const show = (orphan: OssObject) => io.out(`${printable(formatObject(orphan))}\n`);
  const found = await countOrphans(watched(search.source, io), scan, isList ? show : () => {});
  const text = formatOrphans(found, search, scan);
  (isList ? io.err : io.out)(text);
  return found.orphans;
}

/** Deletes the orphans and reports the results. Resolves to the exit code: 1 if one remains. */
async function remove(
  { source, sources }: Search,
  scan: Scan,
  { orphans: count, rate, io, connection }: { orphans: number; rate: number; io: Io; connection: Connection },
): Promise<number> {
  const { lastingCall: call, sleep } = connection;
  const quota = { callsPerSecond: rate, bytesPerSecond: Number.POSITIVE_INFINITY };
  const pace = createPace({ ...quota, now: () => performance.now(), sleep });
  const removal: Removal = { counts: { removed: 0, failed: 0 }, failures: [] };
  const { counts, failures } = removal;
  const progress = () => `${number(counts.removed)} of ${number(count)} objects removed`;
  const hint = 'Waiting for the calls in progress; Ctrl-C again ends at once.';
  const stopShowing = showProgress(progress, hint, io);
  let affected = 0;
  try {
    const options = { source, sources: listingSource(sources, call), scan, call, pace, stop: io.stop };
    affected = await removeOrphans(options, removal);
  } finally {
    stopShowing();
    const more = counts.failed - failures.length;
    const lines = more > 0 ? [...failures, `${number(more)} more failed`] : failures;
    io.err(lines.map((line) => `${printable(line)}\n`).join(''));
    io.out(`${formatSkipped(counts)}.\n`);
  }
  if (affected > 0) {
    const since = new Date(scan.startedAtMs).toISOString();
    const news = `${number(affected)} of them may belong to objects that were uploaded meanwhile`;
    const command = `oss-saveas backfill … --only-missing --since ${since}`;
    io.err(`${news}. To make them again:\n  ${command}\n`);
  }
  return counts.failed > 0 ? 1 : 0;
}

function formatOrphans(found: Orphans, { source, targets }: Search, { sources }: Scan): string {
  const { objects, orphans: count, sizeBytes, skipped, sample } = found;
  const rows: Row[] = [
    `Dry run over ${source.name}:`,
    '',
    ['  sources', `${number(sources)} that are there`],
    ['  objects', `${number(objects)} seen`],
    ['  left alone', formatSkipped(skipped) || 'none'],
    ['  orphans', `${number(count)}, ${bytes(sizeBytes)}`],
  ];
  const examples =
    sample.length === 0
      ? []
      : ['', 'For example:', ...sample.map((object) => `  ${formatObject(object)}`), '', ...warning];
  const all = sources === 0 ? ['', 'There is no source at all: is this the right bucket?'] : [];
  return formatTable([...rows, ...targets.leftOut, ...all, ...examples, '']);
}

const warning = [
  'A file that somebody uploaded under a key that an output could have looks the same.',
  '--list prints all orphans; --rule or a longer prefix leaves such files out.',
];
