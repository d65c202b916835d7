import type { LogFields, Logger } from '../log.ts';
import type { Target } from '../process/save-as.ts';
import { type Failed, formatObject, type Result } from './result.ts';

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

/** Failures named in the error's text; the rest is counted. Keeps it far below what a destination takes (128 KB). */
const maxListed = 20;
const maxMessage = 400;

/**
 * Thrown when outputs failed, so that Function Compute retries and then tells the on-failure destination.
 * Function Compute passes on the class name as `errorType` and the message, so the message holds the report.
 */
export class OutputsFailed extends Error {
  override name = 'OutputsFailed';
  readonly report: Report;
  constructor(report: Report) {
    const failures = report.results.filter((result) => result.status === 'failed');
    super(`${headline(failures, report)}\n${failures.slice(0, maxListed).map(formatFailure).join('\n')}`);
    this.report = report;
  }
}

function headline(failures: readonly Failed[], { saved, skipped, requestId }: Report): string {
  const permanent = failures.filter(({ kind }) => kind === 'permanent').length;
  const kinds = `${permanent} for good, ${failures.length - permanent} to be tried again`;
  const more = failures.length > maxListed ? `; the first ${maxListed} are` : '';
  return `${failures.length} failed (${kinds}), ${saved} saved, ${skipped} skipped, requestId ${requestId}${more}:`;
}

function formatFailure(failure: Failed): string {
  const { kind, code, rule, source, target, message } = failure;
  const where = source === undefined ? '' : ` ${formatObject(source)}`;
  const to = target === undefined ? '' : ` -> ${formatObject(target)}`;
  return `- ${kind} ${code}${where}${to}${rule === undefined ? '' : ` (rule ${rule})`}: ${message.slice(0, maxMessage)}`;
}

/** Logs one result: a constant message, and fields picked one by one, so that nothing secret can slip in. */
export function logResult(logger: Logger, requestId: string, result: Result): void {
  const fields = { requestId, ...flatten(result) };
  if (result.status === 'failed') logger.error('output failed', fields);
  else if (result.status === 'skipped') logger.info('object skipped', fields);
  else logger.info(result.status === 'saved' ? 'output saved' : 'output planned', fields);
}

export function logSummary(logger: Logger, report: Report): void {
  const { results: _, ...counts } = report;
  logger[report.failed > 0 ? 'error' : 'info']('invocation finished', counts);
}

interface AnyFields extends LogFields {
  source?: Target;
  target?: Target;
  message?: string;
  requestId?: string;
}

/** Fields of their own names: `message` and `requestId` already mean the line's and the invocation's. */
function flatten(result: Result): LogFields {
  const { source, target, message, requestId, process: _, ...fields }: AnyFields = { ...result };
  return {
    ...fields,
    ...(message !== undefined && { error: message }),
    ...(requestId !== undefined && { ossRequestId: requestId }),
    ...source,
    ...(target !== undefined && { targetBucket: target.bucket, targetKey: target.key }),
  };
}
