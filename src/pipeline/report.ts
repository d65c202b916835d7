import type { LogFields, Logger } from '../log.ts';
import { type Done, type Failed, formatObject, type Result, type Saved, type Skipped } from './result.ts';

/** What one invocation did, as it is returned, and as the error carries it when something failed. */
export interface Report {
  requestId: string;
  saved: number;
  skipped: number;
  failed: number;
  /** Only in a dry run. */
  planned?: number;
  durationMs: number;
  results: Result[];
}

export function summarize(results: readonly Result[], requestId: string, durationMs: number): Report {
  const count = (status: Result['status']) => results.filter((result) => result.status === status).length;
  const planned = count('planned');
  return {
    requestId,
    saved: count('saved'),
    skipped: count('skipped'),
    failed: count('failed'),
    ...(planned > 0 && { planned }),
    durationMs,
    results: [...results],
  };
}

/** Of the error's text: the platform hands it on to logs (32 KB a line) and destinations (128 KB with the event). */
const maxMessageBytes = 16_384;
/** Of one failure: room for source and target, whose keys may have 1,023 bytes each. */
const maxFailureBytes = 3_072;

/**
 * Thrown when outputs failed, so that Function Compute retries and then tells the on-failure destination.
 * Function Compute passes on the class name as `errorType` and the message, so the message holds the report.
 */
export class OutputsFailed extends Error {
  override name = 'OutputsFailed';
  readonly report: Report;
  constructor(report: Report) {
    const failures = report.results.filter((result) => result.status === 'failed');
    const lines = takeBytes(failures.map(formatFailure), maxMessageBytes);
    const more = failures.length - lines.length;
    super(`${headline(failures, report)}\n${lines.join('\n')}${more > 0 ? `\n- and ${more} more` : ''}`);
    this.report = report;
  }
}

function headline(failures: readonly Failed[], { saved, skipped, requestId }: Report): string {
  const permanent = failures.filter(({ kind }) => kind === 'permanent').length;
  const kinds = `${permanent} for good, ${failures.length - permanent} to be tried again`;
  return `${failures.length} failed (${kinds}), ${saved} saved, ${skipped} skipped, requestId ${requestId}:`;
}

function formatFailure(failure: Failed): string {
  const { kind, code, rule, source, target, message } = failure;
  const where = source === undefined ? '' : ` ${formatObject(source)}`;
  const to = target === undefined ? '' : ` -> ${formatObject(target)}`;
  const by = rule === undefined ? '' : ` (rule ${rule})`;
  return cut(`- ${kind} ${code}${where}${to}${by}: ${message}`, maxFailureBytes);
}

/** As many lines from the front as fit. */
function takeBytes(lines: readonly string[], maxBytes: number): string[] {
  let left = maxBytes;
  return lines.filter((line) => {
    left -= Buffer.byteLength(line) + 1;
    return left >= 0;
  });
}

function cut(text: string, maxBytes: number): string {
  // Decoding replaces a character that the cut went through by one that says so.
  return Buffer.byteLength(text) <= maxBytes ? text : `${Buffer.from(text).subarray(0, maxBytes - 6)}…`;
}

const levels = { saved: 'info', skipped: 'info', failed: 'error' } as const;
const messages = { saved: 'output saved', skipped: 'object skipped', failed: 'output failed' } as const;

/** Logs one result: a constant message, and fields picked one by one, so that nothing secret can slip in. */
export function logResult(logger: Logger, requestId: string, result: Done): void {
  logger[levels[result.status]](messages[result.status], logFields(requestId, result));
}

export function logSummary(logger: Logger, report: Report): void {
  const { results: _, ...counts } = report;
  logger[report.failed > 0 ? 'error' : 'info']('invocation finished', counts);
}

/** All fields that a result may have; those it has not are undefined, which JSON leaves out. */
type AnyDone = Partial<Omit<Saved, 'status'> & Omit<Skipped, 'status'> & Omit<Failed, 'status'>> &
  Pick<Done, 'status'>;

/** Fields of their own names: `message` and `requestId` already mean the line's and the invocation's. */
function logFields(requestId: string, done: AnyDone): LogFields {
  const { source, target } = done;
  return {
    requestId,
    status: done.status,
    reason: done.reason,
    kind: done.kind,
    code: done.code,
    error: done.message,
    rule: done.rule,
    bucket: source?.bucket,
    key: source?.key,
    targetBucket: target?.bucket,
    targetKey: target?.key,
    eventName: done.eventName,
    sizeBytes: done.sizeBytes,
    statusCode: done.statusCode,
    ossRequestId: done.requestId,
    ec: done.ec,
    attempts: done.attempts,
    durationMs: done.durationMs,
  };
}
