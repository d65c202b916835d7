import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/oss/call.ts';
import { OssRequestError } from '../../src/oss/errors.ts';
import type { TaskMemory } from '../../src/pipeline/memory.ts';
import { type Job, run } from '../../src/pipeline/run.ts';
import { callOf, job, jobsOf, runAll } from './run-fixture.ts';
import { rulesOf, upload, uploads } from './uploads.ts';

describe('a run', () => {
  it('a run saves every planned output and passes the rest through, in the order of the plan', async () => {
    const other: Job = { ...job('a'), record: { kind: 'other', eventName: 'x' } };

    const { results, seen } = await runAll(
      [job('a'), other, job('b')],
      callOf(() => ({})),
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
      { status: 'skipped', reason: 'not-an-object-event', eventName: 'x' },
      { status: 'saved', source: { key: 'b.jpg' } },
    ]);
    expect(seen).toHaveLength(3);
  });

  it('a run fails a message about a task that cannot be worked off, and goes on', async () => {
    const content = { Sources: Array(500_000).fill(0) };
    const task: Job = { ...job('a'), record: { kind: 'task', eventName: 'imm:Task:X', content } };

    const { results } = await runAll(
      [task, job('b')],
      callOf(() => ({})),
    );

    expect(results).toMatchObject([{ status: 'failed', code: 'Unexpected' }, { status: 'saved' }]);
  });

  it.each([1, 2, 4])('a run goes on after a failure, with %i calls at once', async (concurrency) => {
    const call = callOf((key) => {
      if (key === 't1.jpg') {
        throw new Error('broken');
      }
      return {};
    });

    const { results } = await runAll(jobsOf(4), call, { current: concurrency });

    expect(results.map(({ status }) => status)).toEqual(['saved', 'failed', 'saved', 'saved']);
  });

  it('a run has no more calls under way than the limit, and that many', async () => {
    let active = 0;
    let most = 0;
    const call = callOf(async () => {
      most = Math.max(most, ++active);
      await new Promise((resolve) => setImmediate(resolve));
      active -= 1;
      return {};
    });

    await runAll(jobsOf(9), call, { current: 3 });

    expect(most).toBe(3);
  });

  it('a run works on with fewer at once when the limit is lowered on the way, and finishes', async () => {
    const limit = { current: 4 };
    const actives: number[] = [];
    let active = 0;
    const call = callOf(async () => {
      actives.push(++active);
      limit.current = 1;
      await new Promise((resolve) => setImmediate(resolve));
      active -= 1;
      return {};
    });

    const { results } = await runAll(jobsOf(12), call, limit);

    expect(results.every(({ status }) => status === 'saved')).toBe(true);
    expect(actives.slice(4)).toEqual(Array(8).fill(1));
  });

  it.each([
    ['under another key', { object: 'expanded/É.webp' }, 'oss://dst-bucket/expanded/É.webp'],
    ['under its key in small letters', { object: 'é.webp' }, 'oss://dst-bucket/é.webp'],
    ['under its key in other code points', { object: 'E\u0301.webp' }, 'oss://dst-bucket/E\u0301.webp'],
    ['in another bucket', { bucket: 'other-bucket' }, 'oss://other-bucket/É.webp'],
    ['in a bucket without a name', { bucket: '' }, 'oss://src-bucket/É.webp'],
  ])('a run fails what OSS says it saved %s', async (_, answer, saved) => {
    const { results } = await runAll(
      [job('É')],
      callOf(() => answer),
    );

    expect(results).toMatchObject([
      { status: 'failed', kind: 'transient', code: 'UnexpectedTarget', requestId: 'R' },
    ]);
    expect(results).toMatchObject([{ message: expect.stringContaining(`OSS says it saved ${saved}`) }]);
  });

  it('a run takes an answer without a body as saved', async () => {
    const { results } = await runAll(
      [job('a')],
      callOf(() => ({ object: '' })),
    );

    expect(results).toMatchObject([{ status: 'saved' }]);
  });

  it('a run pays for nothing that an earlier attempt saved, or that failed for good', async () => {
    let calls = 0;
    const call = callOf((key) => {
      calls += 1;
      if (key !== 't0.jpg') {
        const context = { operation: 'ProcessObject', bucket: 'src-bucket', key, attempts: 1 };
        const kind = key === 't1.jpg' ? 'permanent' : 'later';
        throw new OssRequestError(context, { code: 'X', kind, message: 'x' });
      }
      return {};
    });
    const memory: TaskMemory = new Map();
    const attempt = () => runAll(jobsOf(3), call, { current: 1 }, () => 0, { memory });
    const first = await attempt();

    const { results } = await attempt();

    expect(results).toMatchObject([
      { status: 'skipped', reason: 'already-saved', rule: 'r0', target: { key: 't0.webp' } },
      first.results[1] ?? {},
      { status: 'failed', kind: 'transient' },
    ]);
    expect(calls).toBe(4);
  });

  it.each([1, 2, 4])(
    'a run of %i at once pays once for what an event tells several times',
    async (current) => {
      let calls = 0;
      const call = callOf(async () => {
        calls += 1;
        await new Promise(setImmediate);
        return {};
      });

      const { results } = await runAll([job('t'), job('t'), job('u'), job('t')], call, { current });

      expect(calls).toBe(2);
      expect(results.map(({ status }) => status).sort()).toEqual(['saved', 'saved', 'skipped', 'skipped']);
    },
  );

  it('a run tries again what failed for now, where an event tells it several times', async () => {
    const failure = { code: 'X', kind: 'later', message: 'x' } as const;
    let calls = 0;
    const call = callOf((key) => {
      calls += 1;
      const context = { operation: 'ProcessObject', bucket: 'src-bucket', key, attempts: 1 };
      if (calls === 1) {
        throw new OssRequestError(context, failure);
      }
      return {};
    });

    const { results } = await runAll([job('t'), job('t')], call);

    expect(results.map(({ status }) => status).sort()).toEqual(['failed', 'saved']);
  });

  it('a run asks about its objects beside the processing, and processes what it learns of at once', async () => {
    const ruleSet = rulesOf({ ...uploads, match: { key: '**', size: { max: 100 } } });
    const steps: string[] = [];
    const call: Call = async ({ operation, bucket, key = '' }) => {
      steps.push(`${operation} ${key}`);
      await new Promise((resolve) => setImmediate(resolve));
      const headers = { 'x-oss-request-id': 'R', 'content-length': operation === 'HeadObject' ? '7' : '0' };
      return {
        statusCode: 200,
        headers,
        body: Buffer.alloc(0),
        context: { operation, bucket, key, attempts: 1 },
      };
    };
    const jobs = ['a.jpg', 'b.jpg', 'c.jpg'].map((key) => ({ ...job(key, ruleSet), record: upload(key) }));
    const fixed = { deadlineMs: 1_000, random: () => 0, memory: new Map(), now: () => 0 };

    const results = await run(jobs, { ...fixed, call, limit: { current: 2 }, onOutcome: () => {} });

    expect(results).toMatchObject(
      ['a.jpg', 'b.jpg', 'c.jpg'].map((key) => ({ status: 'saved', source: { key } })),
    );
    expect(steps.slice(0, 3)).toEqual(['HeadObject a.jpg', 'HeadObject b.jpg', 'ProcessObject a.jpg']);
  });

  it.each([
    [
      'ETag',
      { match: { key: '**' }, outputs: [{ style: 'image/info', target: { key: 'derived/{etag}.webp' } }] },
    ],
    ['content type', { ...uploads, match: { key: '**', contentType: 'image/*' } }],
  ])('a run fails what OSS does not tell the %s of, where a rule asks for it', async (_, rule) => {
    const ruleSet = rulesOf(rule);
    const call: Call = async ({ operation, bucket, key = '' }) => ({
      statusCode: 200,
      headers: { 'x-oss-request-id': 'R', 'content-length': operation === 'HeadObject' ? '7' : '0' },
      body: Buffer.alloc(0),
      context: { operation, bucket, key, attempts: 1 },
    });

    const { results } = await runAll(
      ['a.jpg', 'b.jpg'].map((key) => ({ ...job(key, ruleSet), record: upload(key) })),
      call,
    );

    expect(results).toMatchObject(
      ['a.jpg', 'b.jpg'].map((key) => ({ status: 'failed', kind: 'transient', source: { key } })),
    );
  });
});
