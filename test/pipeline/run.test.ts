import { describe, expect, it } from 'vitest';
import type { ProcessingClient, ProcessResult } from '../../src/oss/processing.ts';
import type { Planned, Result } from '../../src/pipeline/result.ts';
import { run } from '../../src/pipeline/run.ts';

const task = (name: string): Planned => ({
  status: 'planned',
  rule: 'r',
  source: { bucket: 'src-bucket', key: `${name}.jpg` },
  target: { bucket: 'dst-bucket', key: `${name}.webp` },
  style: 'image/info',
  process: 'image/info|sys/saveas,…',
  version: {},
});

const tasks = (count: number) => Array.from({ length: count }, (_, i) => task(`t${i}`));

/** A client whose answer is told by the source key; `saves` answers as OSS does when all is well. */
function clientOf(answer: (key: string) => Partial<ProcessResult> | Promise<Partial<ProcessResult>>) {
  const processObject: ProcessingClient['processObject'] = async ({ key }) => ({
    statusCode: 200,
    requestId: 'R',
    attempts: 1,
    bucket: 'dst-bucket',
    key: key.replace('.jpg', '.webp'),
    sizeBytes: 7,
    processStatus: 'OK',
    ...(await answer(key)),
  });
  return { processObject, headObject: () => Promise.reject(new Error('nobody asked for a HEAD')) };
}

function runAll(
  plan: Result[],
  client: Pick<ProcessingClient, 'processObject' | 'headObject'>,
  limit = { current: 2 },
  now = () => 0,
) {
  const seen: Result[] = [];
  return run(plan, { client, limit, deadline: 1_000, now, onResult: (result) => seen.push(result) }).then(
    (results) => ({
      results,
      seen,
    }),
  );
}

describe('a run', () => {
  it('saves every planned output and passes the rest through, in the order of the plan', async () => {
    const skipped: Result = { status: 'skipped', reason: 'removed', eventName: 'x' };

    const { results, seen } = await runAll(
      [task('a'), skipped, task('b')],
      clientOf(() => ({})),
    );

    expect(results).toMatchObject([
      {
        status: 'saved',
        source: { key: 'a.jpg' },
        target: { key: 'a.webp' },
        sizeBytes: 7,
        requestId: 'R',
        attempts: 1,
      },
      skipped,
      { status: 'saved', source: { key: 'b.jpg' } },
    ]);
    expect(seen).toHaveLength(3);
  });

  it('goes on after a failure', async () => {
    const client = clientOf((key) => {
      if (key === 't1.jpg') {
        throw new Error('broken');
      }
      return {};
    });

    const { results } = await runAll(tasks(4), client);

    expect(results.map(({ status }) => status)).toEqual(['saved', 'failed', 'saved', 'saved']);
  });

  it('has no more calls under way than the limit, and that many', async () => {
    let active = 0;
    let most = 0;
    const client = clientOf(async () => {
      most = Math.max(most, ++active);
      await new Promise((resolve) => setImmediate(resolve));
      active -= 1;
      return {};
    });

    await runAll(tasks(9), client, { current: 3 });

    expect(most).toBe(3);
  });

  it('works on with fewer at once when the limit is lowered on the way, and finishes', async () => {
    const limit = { current: 4 };
    const actives: number[] = [];
    let active = 0;
    const client = clientOf(async () => {
      actives.push(++active);
      limit.current = 1;
      await new Promise((resolve) => setImmediate(resolve));
      active -= 1;
      return {};
    });

    const { results } = await runAll(tasks(12), client, limit);

    expect(results.every(({ status }) => status === 'saved')).toBe(true);
    expect(actives.slice(4)).toEqual(Array(8).fill(1));
  });

  it('fails what OSS says it saved elsewhere', async () => {
    const { results } = await runAll(
      [task('a')],
      clientOf(() => ({ key: 'expanded/a.webp' })),
    );

    expect(results).toMatchObject([
      { status: 'failed', kind: 'permanent', code: 'UnexpectedTarget', requestId: 'R' },
    ]);
    expect(results).toMatchObject([
      { message: expect.stringContaining('OSS says it saved oss://dst-bucket/expanded/a.webp') },
    ]);
  });

  it('takes an answer without a body as saved', async () => {
    const { results } = await runAll(
      [task('a')],
      clientOf(() => ({ key: undefined, sizeBytes: undefined })),
    );

    expect(results).toMatchObject([{ status: 'saved' }]);
  });

  it('reports what the deadline cut off as failures to be tried again', async () => {
    let clock = 0;
    const client = clientOf(() => {
      clock += 600;
      return {};
    });

    const { results } = await runAll(tasks(4), client, { current: 1 }, () => clock);

    expect(results.map(({ status }) => status)).toEqual(['saved', 'saved', 'failed', 'failed']);
    expect(results[3]).toMatchObject({ kind: 'transient', code: 'Deadline', attempts: 0 });
  });
});
