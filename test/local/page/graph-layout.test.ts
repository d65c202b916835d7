import { describe, expect, it } from 'vitest';
import { layOut } from '../../../src/local/page/client/rules/graph-layout.ts';

const names = ['a', 'b', 'c', 'd'];
const chain = (rule: string, next: string, isLoop = false) => ({ rule, next, isLoop });

describe('the graph of the chains that rules make', () => {
  it('needs no room where there is no chain', () => {
    expect(layOut(names, [])).toEqual({ arcs: [], widthPx: 0 });
  });

  it('gives arcs side by side one lane, and arcs over each other lanes of their own', () => {
    const besides = layOut(names, [chain('a', 'b'), chain('c', 'd')]);
    const over = layOut(names, [chain('a', 'd'), chain('b', 'c')]);

    expect(over.widthPx).toBeGreaterThan(besides.widthPx);
    expect(new Set(over.arcs.map(({ path }) => path)).size).toBe(2);
  });

  it('draws loops on top of what else there is', () => {
    const { arcs } = layOut(names, [chain('a', 'b', true), chain('b', 'a', true), chain('c', 'a')]);

    expect(arcs.map(({ isLoop }) => isLoop)).toEqual([false, true, true]);
  });

  it('leaves out a chain to a rule that is not shown', () => {
    expect(layOut(names, [chain('a', 'gone')]).arcs).toEqual([]);
  });
});
