import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planResize } from '../../../src/local/image/actions/resize.ts';
import type { Size } from '../../../src/local/image/refuse.ts';

const photo = { width: 400, height: 267 };

/** The plan for parameters as they stand in a style, `m` and `limit` among them. */
function plan(
  source: Size,
  {
    m,
    limit,
    ...numbers
  }: { m?: string; limit?: string; w?: number; h?: number; l?: number; s?: number; p?: number },
) {
  return planResize(source, { numbers, texts: { m, limit } });
}

describe('the plan of a resize', () => {
  it('the plan of a resize rounds halves up', () => {
    const { scaled } = plan({ width: 2500, height: 1875 }, { p: 50 });

    expect(scaled).toEqual({ width: 1250, height: 938 });
  });

  it('the plan of a resize takes the long side for l and the short side for s, whichever way the picture lies', () => {
    const sizes = [
      plan(photo, { l: 200 }),
      plan({ width: 267, height: 400 }, { l: 200 }),
      plan(photo, { s: 89 }),
      plan(photo, { l: 100, s: 100 }),
      plan(photo, { l: 100, s: 100, m: 'fill' }),
    ];

    expect(sizes.map(({ frame }) => [frame.width, frame.height])).toEqual([
      [200, 134],
      [134, 200],
      [133, 89],
      [100, 67],
      [100, 100],
    ]);
  });

  it('the plan of a resize ignores l, s and p beside w or h', () => {
    const { frame } = plan(photo, { w: 200, l: 50, s: 50, p: 10 });

    expect(frame).toEqual({ width: 200, height: 134 });
  });

  it('the plan of a resize ignores the mode when only l or only s is given', () => {
    const { frame } = plan(photo, { l: 200, m: 'pad' });

    expect(frame).toEqual({ width: 200, height: 134 });
  });

  it.each(['lfit', 'mfit', 'fill', 'pad', 'fixed'] as const)(
    'the plan of a resize leaves a picture alone when %s would enlarge it, unless limit_0',
    (m) => {
      const limited = plan(photo, { m, w: 800, h: 800 });
      const free = plan(photo, { m, w: 800, h: 800, limit: '0' });

      expect(limited.frame).toEqual(photo);
      expect(free.frame.width).toBeGreaterThanOrEqual(800);
    },
  );

  it('the plan of a resize never exceeds the target with lfit, never falls short of it with mfit, and meets it with the others', () => {
    const side = fc.integer({ min: 1, max: 5000 });

    fc.assert(
      fc.property(side, side, side, side, (width, height, w, h) => {
        const by = (m: string) => plan({ width, height }, { m, w, h, limit: '0' });

        expect(by('lfit').frame.width).toBeLessThanOrEqual(w);
        expect(by('lfit').frame.height).toBeLessThanOrEqual(h);
        expect(by('mfit').frame.width).toBeGreaterThanOrEqual(w);
        expect(by('mfit').frame.height).toBeGreaterThanOrEqual(h);
        expect(by('fill')).toEqual({ scaled: by('mfit').scaled, frame: { width: w, height: h } });
        expect(by('pad')).toEqual({ scaled: by('lfit').scaled, frame: { width: w, height: h } });
        expect(by('fixed').scaled).toEqual({ width: w, height: h });
      }),
    );
  });
});
