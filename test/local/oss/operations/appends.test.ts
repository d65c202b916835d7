import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import type { SignOptions } from '../v4-client.ts';
import { object, put } from './signed-object.ts';

describe('appends', () => {
  const append = (position: string, body: string): SignOptions => ({
    ...object,
    method: 'POST',
    query: { append: '', position },
    body,
  });

  it('appends go to appendable objects only, at their end', async () => {
    const oss = await startOss();
    await oss.call(put({ key: 'normal' }));

    const normal = await oss.call({ ...append('5', 'x'), key: 'normal' });
    const ahead = await oss.call(append('5', 'x'));
    const nonsense = await oss.call(append('-1', 'x'));
    await oss.call(append('0', 'hello'));
    const again = await oss.call(append('0', 'hello'));

    expect([normal.code, ahead.code, nonsense.code, again.code]).toEqual([
      'ObjectNotAppendable',
      'PositionNotEqualToLength',
      'InvalidArgument',
      'PositionNotEqualToLength',
    ]);
    expect(again.headers['x-oss-next-append-position']).toBe('5');
  });

  it('appends that race leave one of them, whole', async () => {
    const oss = await startOss();
    await oss.call(append('0', 'hello'));

    // Long enough to arrive all at the same time.
    const bodies = ['a', 'b', 'c', 'd'].map((char) => char.repeat(2_000_000));
    const answers = await Promise.all(bodies.map((body) => oss.call(append('5', body))));

    const winner = answers.findIndex(({ statusCode }) => statusCode === 200);
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    expect((await oss.call({ ...object, method: 'GET' })).text === `hello${bodies[winner]}`).toBe(true);
  });
});
