import type { Call } from '../../src/oss/call.ts';
import type { Result } from '../../src/pipeline/result.ts';
import { type Job, type RunOptions, run } from '../../src/pipeline/run.ts';
import { rulesOf, upload } from './uploads.ts';

export const oneOutput = rulesOf({
  match: { key: '**' },
  outputs: [{ style: 'image/info', target: { bucket: 'dst-bucket', key: '{name}.webp' } }],
});

/** The upload of one object, of which one output is to be made. */
export const job = (name: string, ruleSet = oneOutput): Job => ({
  record: upload(`${name}.jpg`, { bucket: 'src-bucket' }),
  ruleSet,
  dryRun: false,
});

export const jobsOf = (count: number, ruleSet?: Job['ruleSet']) =>
  Array.from({ length: count }, (_, i) => job(`t${i}`, ruleSet));

/** A call that answers ProcessObject as OSS does when all is well, changed by what `answer` makes of the source key. */
export function callOf(answer: (key: string) => object | Promise<object>): Call {
  return async ({ operation, bucket, key = '' }) => {
    const json = { bucket: 'dst-bucket', object: key.replace('.jpg', '.webp'), fileSize: 7, status: 'OK' };
    const body = { ...json, ...(await answer(key)) };
    return {
      statusCode: 200,
      headers: {
        'x-oss-request-id': 'R',
        ...('object' in body && body.object === '' ? { 'content-length': '0' } : {}),
      },
      body: Buffer.from('object' in body && body.object === '' ? '' : JSON.stringify(body)),
      context: { operation, bucket, key, attempts: 1 },
    };
  };
}

export async function runAll(
  jobs: Job[],
  call: Call,
  limit = { current: 2 },
  now = () => 0,
  more: Partial<RunOptions> = {},
) {
  const seen: Result[] = [];
  const onOutcome = (outcome: Result) => seen.push(outcome);
  const fixed = { deadlineMs: 1_000, random: () => 0, memory: new Map() };
  const results = await run(jobs, { ...fixed, call, limit, now, onOutcome, ...more });
  return { results, seen };
}
