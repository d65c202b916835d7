import { createHandler } from '../handler.ts';
import { processObject } from '../oss/operations.ts';
import { OutputsFailed, type Report } from '../pipeline/report.ts';
import { formatObject, type Result } from '../pipeline/result.ts';
import { printable } from '../printable.ts';
import { buildProcess, type OssObject } from '../process.ts';
import { CliError, defineCommand, type Io, type Options, type ValuesOf } from './command.ts';
import { connectionOptions, withConnection } from './connection.ts';
import { eventOption, parseBareKey, parseBucket, parseObjectUrl, readEvent } from './input.ts';
import { loadRules, rulesOption } from './project.ts';
import { createProgress, formatTable, type Row, shellWord, underTitles } from './terminal.ts';

const options = {
  ...connectionOptions,
  event: eventOption,
  rules: rulesOption,
  style: { value: 'style', summary: 'in place of the rules; needs the four below' },
  bucket: { value: 'name', summary: 'bucket of the source object' },
  key: { value: 'key', summary: 'its key' },
  'target-image': { value: 'key', summary: 'key under which the result is saved' },
  'target-bucket': { value: 'name', summary: 'bucket in which it is saved' },
  'overwrite-source': { summary: 'lets the result of --style replace its own source' },
  'dry-run': { summary: 'shows what would be done, and does nothing' },
  json: { summary: 'prints JSON, one line per object or event' },
} as const satisfies Options;

type RunValues = ValuesOf<typeof options>;

export const run = defineCommand({
  positionals: { name: 'oss://bucket/key', summary: 'objects for the rules', many: true },
  options,
  run: async (values, io, urls) => {
    const { event, style } = values;
    const events = [...(event === undefined ? [] : [await readEvent(event)]), ...urls.map(parseOneObject)];
    const isOfStyle = ofStyle.some((name) => values[name]);
    if (style === undefined && events.length > 0 && !isOfStyle) {
      return runByRules(values, io, events);
    }
    if (style !== undefined && events.length === 0) {
      return runStyle(style, values, io);
    }
    const parts = '--style, --bucket, --key, --target-image and --target-bucket';
    throw new CliError(`name objects (oss://bucket/key) or an --event, or else ${parts}.`);
  },
});

/** Options that only make sense with --style. */
const ofStyle = ['bucket', 'key', 'target-image', 'target-bucket', 'overwrite-source'] as const;

/** Refuses a prefix or a glob, which names many objects: they are for another command. */
function parseOneObject(url: string): OssObject {
  if (/^oss:\/\/([^/]+$|.*(\/$|\*|\{[^{},]*,))/s.test(url)) {
    const [prefix = ''] = url.split(/[*?[{]/);
    const command = `oss-saveas backfill ${shellWord(prefix)}`;
    throw new CliError(`${url} is not one object. For all objects there: ${command}`);
  }
  return parseObjectUrl(url);
}

/** Works like "process_object" in Alibaba Cloud's SDK samples: one call, and six values of its answer. */
async function runStyle(style: string, values: RunValues, io: Io): Promise<number> {
  const keyOf = (name: 'key' | 'target-image') => parseBareKey(required(values, name), `--${name}`);
  const source = { bucket: parseBucket(required(values, 'bucket')), key: keyOf('key') };
  const target = { bucket: parseBucket(required(values, 'target-bucket')), key: keyOf('target-image') };
  if (formatObject(source) === formatObject(target) && !values['overwrite-source']) {
    const advice = 'name another target, or add --overwrite-source';
    throw new CliError(`${formatObject(target)} is the source itself, which would be lost: ${advice}.`);
  }
  if (values['dry-run']) {
    throw new CliError('--dry-run: it is for rules and events; with --style the output is made at once.');
  }
  const process = buildProcess(style, target);
  return withConnection(values, io, async ({ call }) => {
    const { sizeBytes, ...answer } = await processObject(call, { ...source, process });
    const { statusCode, requestId, bucket, key, processStatus } = answer;
    const fields = { statusCode, requestId, bucket, fileSize: sizeBytes, key, processStatus };
    io.out(values.json ? `${JSON.stringify(fields)}\n` : `${printable(formatAnswer(fields))}\n`);
    return 0;
  });
}

function required(values: RunValues, name: 'bucket' | 'key' | 'target-bucket' | 'target-image'): string {
  const { [name]: text } = values;
  if (text === undefined) {
    throw new CliError(`--${name}: expected a value.`);
  }
  return text;
}

/** The samples' own format, so that programs which read theirs can read ours. */
function formatAnswer(fields: object): string {
  const worded = Object.entries(fields).map(
    ([name, value]) => `${name.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)}: ${value ?? ''}`,
  );
  return worded.join(', ');
}

/** Invokes the same handler that is deployed, for one event after another. */
async function runByRules(values: RunValues, io: Io, events: readonly unknown[]): Promise<number> {
  const { ruleSet } = await loadRules(values.rules);
  return withConnection(values, io, async ({ settings, dispatcher, credentials }) => {
    const invoke = createHandler({
      settings,
      ruleSet,
      dispatcher,
      defaultCredentials: credentials,
      write: () => {},
      dryRun: values['dry-run'],
    });
    const progress = createProgress(io);
    const reports: Report[] = [];
    for (const event of events) {
      progress(`${reports.length + 1} of ${events.length}: ${describeEvent(event)}`);
      const report = await invoke(Buffer.from(JSON.stringify(event)), undefined).catch(reportOf);
      reports.push(report);
      if (values.json) {
        io.out(`${JSON.stringify(report)}\n`);
      }
    }
    progress('');
    if (!values.json) {
      show(reports, io);
    }
    return reports.every(({ failed }) => failed === 0) ? 0 : 1;
  });
}

/** The report of an invocation that threw because outputs failed. Throws any other error again. */
function reportOf(error: unknown): Report {
  if (error instanceof OutputsFailed) {
    return error.report;
  }
  throw error;
}

function describeEvent(event: unknown): string {
  const isObject = typeof event === 'object' && event !== null && 'bucket' in event && 'key' in event;
  return isObject ? `oss://${event.bucket}/${event.key}` : 'the event';
}

/** Shows results below their source, and why outputs failed. */
function show(reports: readonly Report[], io: Io): void {
  const results = reports.flatMap((report) => report.results);
  const rows = underTitles(
    results.map((result) => {
      const title = result.source ? formatObject(result.source) : 'the event';
      return { title, row: formatResult(result) };
    }),
  );
  const isFailed = (outcome = '') => outcome.startsWith('failed');
  io.out(formatTable(rows, (lines, [, , outcome]) => (isFailed(outcome) ? io.paint('red', lines) : lines)));
  for (const result of results) {
    if (result.status === 'failed') {
      io.err(`${printable(result.message)}\n`);
    }
  }
}

/** An output has columns; a record without one gets a single line. */
function formatResult(result: Result): Row {
  const outcome = `${result.status} ${formatDetail(result)}`;
  const { rule = '', target } = result;
  return target === undefined ? `  ${rule} ${outcome}` : [`  ${rule}`, formatObject(target), outcome];
}

function formatDetail(result: Result): string {
  switch (result.status) {
    case 'saved':
      return `${result.sizeBytes === undefined ? '' : `${result.sizeBytes} bytes, `}${result.durationMs} ms`;
    case 'removed':
      return `${result.durationMs} ms`;
    case 'submitted':
      return `as task ${result.taskId}`;
    case 'skipped':
      return result.reason;
    case 'failed':
      return result.code;
    case 'planned':
      return result.action !== 'remove' ? result.style : 'deleted with its source';
  }
}
