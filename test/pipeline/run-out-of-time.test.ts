import { describe, expect, it } from 'vitest';
import { OssRequestError } from '../../src/oss/errors.ts';
import { callOf, job, jobsOf, oneOutput, runAll } from './run-fixture.ts';
import { rulesOf } from './uploads.ts';

describe('a run that has more to do than time', () => {
  it('a run takes its outputs in random order where not all can start at once, and reports them in theirs', async () => {
    const order: string[] = [];
    const call = callOf((key) => {
      order.push(key);
      return {};
    });
    const draws = [0.9, 0.1, 0.5, 0.3, 0.7];
    const random = () => draws.shift() ?? 0;

    const { results } = await runAll(jobsOf(5), call, { current: 1 }, () => 0, { random });

    expect(order).toEqual(['t4.jpg', 't0.jpg', 't2.jpg', 't1.jpg', 't3.jpg']);
    expect(results).toMatchObject(
      [0, 1, 2, 3, 4].map((i) => ({ status: 'saved', source: { key: `t${i}.jpg` } })),
    );
  });

  it('a run names what it never started, and logs the first hundred of it', async () => {
    const { results, seen } = await runAll(
      jobsOf(150),
      callOf(() => ({})),
      undefined,
      () => 1_000,
    );

    const names = Array.from({ length: 150 }, (_, i) => ({ bucket: 'src-bucket', key: `t${i}.jpg` }));
    expect(results).toMatchObject(
      names.map((source) => ({ status: 'failed', code: 'Deadline', attempts: 0, source })),
    );
    expect(seen).toHaveLength(100);
  });

  it('a run names an object once that it had no time for, and the outputs left of one that it began', async () => {
    const output = { style: 'image/resize,w_{w}', vary: { w: [1, 2, 3] } };
    const target = { bucket: 'dst-bucket', key: '{name}.webp-{w}' };
    const ruleSet = rulesOf({ match: { key: '**' }, outputs: [{ ...output, target }] });
    let clock = 0;
    const call = callOf(() => {
      clock = 1_000;
      return { object: '' };
    });

    const { results } = await runAll(jobsOf(4, ruleSet), call, { current: 1 }, () => clock);

    const source = { bucket: 'src-bucket', key: 't0.jpg' };
    const late = { status: 'failed', kind: 'transient', code: 'Deadline', attempts: 0 };
    expect(results).toMatchObject([
      { status: 'saved', source, target: { key: 't0.webp-1' } },
      { ...late, source, rule: 'r0', target: { key: 't0.webp-2' } },
      { ...late, source, rule: 'r0', target: { key: 't0.webp-3' } },
      { ...late, source: { key: 't1.jpg' }, target: undefined },
      { ...late, source: { key: 't2.jpg' }, target: undefined },
      { ...late, source: { key: 't3.jpg' }, target: undefined },
    ]);
  });

  it('a run that has no time left fails what is about no object as well, without naming one', async () => {
    const record = { kind: 'malformed', problem: 'why' } as const;
    const late = {
      status: 'failed',
      kind: 'transient',
      code: 'Deadline',
      message: 'there was no time left to start it',
    };

    const { results } = await runAll(
      [{ ...job('t0'), record }],
      callOf(() => ({})),
      { current: 1 },
      () => 1_000,
    );

    expect(results).toEqual([{ ...late, attempts: 0 }]);
  });

  it('a run names each output of an object that has more of them than a call takes arguments', async () => {
    const variants = Array.from({ length: 150_000 }, (_, i) => ({ w: `${i}` }));
    const rules = oneOutput.rules.map((rule) => ({
      ...rule,
      outputs: rule.outputs.map((output) => ({ ...output, variants })),
    }));

    const { results } = await runAll(
      jobsOf(1, { ...oneOutput, rules }),
      callOf(() => ({})),
    );

    expect(results).toHaveLength(150_000);
    expect(results[149_999]).toMatchObject({ status: 'failed', code: 'TooManyOutputs' });
  });

  it('a run that has more to do than time reports what the deadline cut off as failures to be tried again', async () => {
    let clock = 0;
    const call = callOf((key) => {
      // A call says so when no time is left.
      if (clock >= 1_000) {
        const context = { operation: 'ProcessObject', bucket: 'src-bucket', key, attempts: 0 };
        throw new OssRequestError(context, { code: 'DeadlineExceeded', kind: 'transient', message: 'late' });
      }
      clock += 600;
      return {};
    });

    const { results } = await runAll(jobsOf(4), call, { current: 1 }, () => clock);

    expect(results.map(({ status }) => status)).toEqual(['saved', 'saved', 'failed', 'failed']);
    expect(results[3]).toMatchObject({ kind: 'transient', code: 'Deadline', attempts: 0 });
  });
});
