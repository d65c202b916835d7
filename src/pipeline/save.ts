import { OssServiceError } from '../oss/errors.ts';
import type { ProcessingClient, ProcessResult } from '../oss/processing.ts';
import { describeError, OutputError } from './failure.ts';
import {
  type Failed,
  formatObject,
  type Planned,
  type Saved,
  type Skipped,
  type SkipReason,
} from './result.ts';

export interface SaveOptions {
  client: ProcessingClient;
  /** Epoch ms at which work stops, so that time is left to report what was not done. */
  deadline: number;
  now: () => number;
}

/** A source that is replaced faster than it can be processed is left to the next invocation. */
const maxRounds = 3;

/** Makes one output, as often and only as its rule asks for. Never throws: what goes wrong is the result. */
export async function save(task: Planned, options: SaveOptions): Promise<Saved | Skipped | Failed> {
  const { rule, source, target } = task;
  const startedAt = options.now();
  try {
    if (startedAt >= options.deadline) {
      throw outOfTime(task);
    }
    const reason = task.refresh && (await findSkipReason(task, task.refresh, options));
    if (reason !== undefined) {
      return { status: 'skipped', reason, rule, source, target };
    }
    const answer = await (task.checkSource ? processCurrent(task, options) : processOnce(task, options));
    const { requestId = '', attempts, sizeBytes } = answer;
    const durationMs = options.now() - startedAt;
    return { status: 'saved', rule, source, target, sizeBytes, requestId, attempts, durationMs };
  } catch (error) {
    const durationMs = options.now() - startedAt;
    return { status: 'failed', rule, source, target, ...describeError(error), durationMs };
  }
}

function outOfTime({ source }: Planned): OutputError {
  const message = `ProcessObject ${formatObject(source)} not started: the function's time is up.`;
  return new OutputError({ kind: 'transient', code: 'Deadline', message, attempts: 0 });
}

/** Asks for the target where the rule wants only what is missing, or what is older than its source. */
async function findSkipReason(
  { target, version: { modifiedAt } }: Planned,
  refresh: 'missing' | 'stale',
  { client, deadline }: SaveOptions,
): Promise<SkipReason | undefined> {
  try {
    const { lastModified } = await client.headObject({ ...target, deadline });
    if (refresh === 'missing') {
      return 'target-exists';
    }
    if (modifiedAt === undefined || lastModified === undefined) {
      return undefined;
    }
    // Last-Modified has whole seconds only. Within one second nobody can tell which came first: made again.
    return lastModified.getTime() > Math.floor(Date.parse(modifiedAt) / 1000) * 1000
      ? 'up-to-date'
      : undefined;
  } catch (error) {
    if (error instanceof OssServiceError && error.statusCode === 404) {
      return undefined;
    }
    throw error;
  }
}

async function processOnce(task: Planned, { client, deadline }: SaveOptions): Promise<ProcessResult> {
  const { source, process } = task;
  const answer = await client.processObject({ process, deadline, ...source });
  checkAnswer(task, answer);
  return answer;
}

/**
 * Processes the source, and once more when the source was replaced meanwhile: of two uploads close together, the older
 * one's result may otherwise be saved last.
 */
async function processCurrent(task: Planned, options: SaveOptions): Promise<ProcessResult> {
  const { source, version } = task;
  let { eTag } = version;
  for (let round = 1; ; round += 1) {
    const answer = await processOnce(task, options);
    const current = await readETag(task, options);
    if (current === eTag || current === undefined) {
      return answer;
    }
    if (round === maxRounds) {
      const message = `${formatObject(source)} was replaced ${maxRounds} times while it was processed.`;
      throw new OutputError({ kind: 'transient', code: 'SourceChanging', message });
    }
    eTag = current;
  }
}

/** The source's ETag now; undefined where it has been deleted, which leaves nothing newer to be made. */
async function readETag({ source }: Planned, { client, deadline }: SaveOptions): Promise<string | undefined> {
  try {
    return (await client.headObject({ ...source, deadline })).eTag;
  } catch (error) {
    if (error instanceof OssServiceError && error.statusCode === 404) {
      return undefined;
    }
    throw error;
  }
}

/**
 * OSS must say the bucket and key that were asked for: whether it expands `{variables}` in a target key is
 * documented for some operations only, and a result elsewhere than planned is no success. An answer without a
 * body says nothing and is taken as it is (OSS help shows such ones).
 */
function checkAnswer({ source, target }: Planned, answer: ProcessResult): void {
  const { bucket, key, statusCode, requestId, attempts } = answer;
  if (key === undefined || (bucket === target.bucket && key === target.key)) {
    return;
  }
  const saved = formatObject({ bucket, key });
  const message = `ProcessObject ${formatObject(source)}: asked to save ${formatObject(target)}, OSS says it saved ${saved}.`;
  const ids = { statusCode, attempts, ...(requestId !== undefined && { requestId }) };
  throw new OutputError({ kind: 'permanent', code: 'UnexpectedTarget', message, ...ids });
}
