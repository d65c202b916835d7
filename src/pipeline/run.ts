import type { OssClient, ProcessResult } from '../oss/client.ts';
import { describeError } from './failure.ts';
import { type Failed, formatObject, type Planned, type Result, type Saved } from './result.ts';

export interface RunOptions {
  client: Pick<OssClient, 'processObject'>;
  /** Calls under way at once; whoever makes the client lowers it when OSS throttles. */
  limit: { current: number };
  /** Epoch ms at which work stops, so that time is left to report what was not done. */
  deadline: number;
  now: () => number;
  /** Called as each result comes, in the order of completion. */
  onResult: (result: Result) => void;
}

/**
 * Carries out a plan: planned outputs become `saved` or `failed`, the rest passes through. Results keep the
 * plan's order. Never throws: one failure stops nothing else, and what the deadline cuts off is a failure too.
 */
export async function run(plan: readonly Result[], options: RunOptions): Promise<Result[]> {
  const results: Result[] = [...plan];
  const waiting = [...plan.entries()];
  let active = 0;
  const work = async (): Promise<void> => {
    for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
      const [i, item] = entry;
      const result = item.status === 'planned' ? await attempt(item, options) : item;
      results[i] = result;
      options.onResult(result);
      if (active > Math.max(1, options.limit.current)) break; // throttled: this lane closes
    }
    active -= 1;
  };
  const lanes = Math.min(waiting.length, Math.max(1, options.limit.current));
  active = lanes;
  await Promise.all(Array.from({ length: lanes }, work));
  return results;
}

async function attempt(task: Planned, { client, deadline, now }: RunOptions): Promise<Saved | Failed> {
  const { rule, source, target, process } = task;
  const startedAt = now();
  const failed = (rest: Pick<Failed, 'kind' | 'code' | 'message'> & Partial<Failed>): Failed => ({
    status: 'failed',
    rule,
    source,
    target,
    durationMs: now() - startedAt,
    ...rest,
  });
  if (startedAt >= deadline) {
    const message = `ProcessObject ${formatObject(source)} not started: the function's time is up.`;
    return failed({ kind: 'transient', code: 'Deadline', message, attempts: 0 });
  }
  try {
    const answer = await client.processObject({ ...source, process, deadline });
    const { statusCode, requestId = '', attempts, sizeBytes } = answer;
    const problem = findAnswerProblem(task, answer);
    if (problem !== undefined) {
      const ids = { statusCode, requestId, attempts };
      return failed({ kind: 'permanent', code: 'UnexpectedTarget', message: problem, ...ids });
    }
    const size = sizeBytes === undefined ? {} : { sizeBytes };
    return {
      status: 'saved',
      rule,
      source,
      target,
      ...size,
      requestId,
      attempts,
      durationMs: now() - startedAt,
    };
  } catch (error) {
    return failed(describeError(error));
  }
}

/**
 * OSS must say the bucket and key that were asked for: whether it expands `{variables}` in a target key is
 * documented for some operations only, and a result elsewhere than planned is no success. An answer without a
 * body says nothing and is taken as it is (OSS help shows such ones).
 */
function findAnswerProblem({ source, target }: Planned, answer: ProcessResult): string | undefined {
  const { bucket, key } = answer;
  if (key === undefined || (bucket === target.bucket && key === target.key)) return undefined;
  const saved = formatObject({ bucket, key });
  return `ProcessObject ${formatObject(source)}: asked to save ${formatObject(target)}, OSS says it saved ${saved}.`;
}
