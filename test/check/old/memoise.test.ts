import { describe, expect, it } from 'vitest';
import { memoise } from '../../../src/check/old/memoise.ts';

describe('a memoised function', () => {
  it('works out its answer once for each object, be the answer undefined', () => {
    const asked: object[] = [];
    const ask = memoise((key: object) => {
      asked.push(key);
      return undefined;
    });
    const [a, b] = [{}, {}];

    for (const key of [a, b, a, b]) {
      expect(ask(key)).toBeUndefined();
    }

    expect(asked).toEqual([a, b]);
    expect(asked[0]).toBe(a);
  });

  it('gives the first context to what works the answer out', () => {
    const name = memoise(({ id }: { id: string }, place: string) => `${id} in ${place}`);
    const key = { id: 'a' };

    expect([name(key, 'here'), name(key, 'there')]).toEqual(['a in here', 'a in here']);
  });
});
