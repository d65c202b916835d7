import { describe, expect, it } from 'vitest';
import { layOut } from '../../../src/local/page/client/rules/graph-layout.ts';

const names = ['a', 'b', 'c', 'd'];
const feed = (from: string, to: string, isLoop = false) => ({ from, to, isLoop });

describe('the graph of what feeds what', () => {
  it('needs no room where nothing feeds anything', () => {
    expect(layOut(names, [])).toEqual({ arcs: [], widthPx: 0 });
  });

  it('gives arcs side by side one lane, and arcs over each other lanes of their own', () => {
    const besides = layOut(names, [feed('a', 'b'), feed('c', 'd')]);
    const over = layOut(names, [feed('a', 'd'), feed('b', 'c')]);

    expect(over.widthPx).toBeGreaterThan(besides.widthPx);
    expect(new Set(over.arcs.map(({ path }) => path)).size).toBe(2);
  });

  it('draws loops on top of what else there is', () => {
    const { arcs } = layOut(names, [feed('a', 'b', true), feed('b', 'a', true), feed('c', 'a')]);

    expect(arcs.map(({ isLoop }) => isLoop)).toEqual([false, true, true]);
  });

  it('leaves out what feeds a rule that is not shown', () => {
    expect(layOut(names, [feed('a', 'gone')]).arcs).toEqual([]);
  });
});
