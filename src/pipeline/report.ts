import type { LogFields, Logger } from '../log.ts';
import { type FailedResult, formatObject, type Outcome, type Result } from './result.ts';

/** Everything that one invocation did. It is returned, or carried by the error when something failed. */
export interface Report {
  requestId: string;
  saved: number;
  skipped: number;
  failed: number;
  /** Only where some were, as in the two below. */
  removed?: number | undefined;
  submitted?: number | undefined;
  /** Only in a dry run. */
  planned?: number | undefined;
  durationMs: number;
  results: readonly Result[];
}

/** Counts the results by what became of them. */
export function summarize(results: readonly Result[], requestId: string, durationMs: number): Report {
  const count = (status: Result['status']) => results.filter((result) => result.status === status).length;
  const [saved, skipped, failed] = [count('saved'), count('skipped'), count('failed')];
  const [removed, submitted] = [count('removed') || undefined, count('submitted') || undefined];
  const planned = count('planned') || undefined;
  return { requestId, saved, removed, submitted, skipped, failed, planned, durationMs, results };
}

/**
 * The platform passes the error's text on with the event, to logs (32 KB a line) and destinations: a queue of
 * SMQ discards what is larger than 64 KB (SMQ help, "Limits").
 */
const maxMessageBytes = 16_384;

/**
 * Thrown when outputs failed, so that Function Compute retries and then invokes the on-failure destination.
 * Function Compute passes on the class name as `errorType` and the message, so the message holds the report.
 */
export class OutputsFailed extends Error {
  override name = 'OutputsFailed';
  readonly report: Report;
  constructor(report: Report) {
    super(formatReport(report));
    // Function Compute passes on the stack as well, which would repeat the message.
    this.stack = this.name;
    this.report = report;
  }
}

function formatReport({ results, saved, removed, submitted, skipped, requestId }: Report): string {
  const failures = results.filter((result) => result.status === 'failed');
  const permanent = failures.filter(({ kind }) => kind === 'permanent').length;
  const kinds = `${permanent} for good, ${failures.length - permanent} to be tried again`;
  const others = `${removed ? `, ${removed} removed` : ''}${submitted ? `, ${submitted} submitted` : ''}`;
  const counts = `${failures.length} failed (${kinds}), ${saved} saved${others}, ${skipped} skipped`;
  const headline = `${counts}, requestId ${requestId}:`;
  const lines = formatFirst(failures, maxMessageBytes - Buffer.byteLength(headline) - 32);
  const more = failures.length - lines.length;
  return [headline, ...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n');
}

function formatFailure({ kind, code, rule, source, target, message }: FailedResult): string {
  const from = source === undefined ? '' : ` ${formatObject(source)}`;
  const to = target === undefined ? '' : ` -> ${formatObject(target)}`;
  const by = rule === undefined ? '' : ` (rule ${rule})`;
  const line = `- ${kind} ${code}${from}${to}${by}: ${message}`;
  // A line break in a key would pass for the next failure. There is room for two keys of 1,023 bytes.
  return line.replace(/\p{Cc}/gu, encodeURIComponent).slice(0, 3_000);
}

/** Formats as many failures from the front as fit: of thousands, the others would take time for nothing. */
function formatFirst(failures: readonly FailedResult[], maxBytes: number): string[] {
  const lines: string[] = [];
  let left = maxBytes;
  for (const failure of failures) {
    const line = formatFailure(failure);
    left -= Buffer.byteLength(line) + 1;
    if (left < 0) {
      break;
    }
    lines.push(line);
  }
  return lines;
}

const messages = {
  saved: 'output saved',
  removed: 'output removed',
  submitted: 'task submitted',
  skipped: 'object skipped',
  failed: 'output failed',
} as const;

/**
 * Logs one outcome, which holds nothing that was signed: a constant message, everything variable in flat
 * fields. They have other names where the line's `message` and the invocation's `requestId` have theirs.
 */
export function logOutcome(logger: Logger, requestId: string, outcome: Outcome): void {
  const { source, target, ...rest } = outcome;
  const { message: error, requestId: ossRequestId, ...fields }: LogFields = rest;
  const [bucket, key, targetBucket, targetKey] = [source?.bucket, source?.key, target?.bucket, target?.key];
  const level = outcome.status === 'failed' ? 'error' : 'info';
  const line = { requestId, bucket, key, targetBucket, targetKey, error, ossRequestId, ...fields };
  logger[level](messages[outcome.status], line);
}

/** Logs the counts, as an error where anything failed. */
export function logSummary(logger: Logger, report: Report): void {
  const { results: _, ...counts } = report;
  logger[report.failed > 0 ? 'error' : 'info']('invocation finished', counts);
}
