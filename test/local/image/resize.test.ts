import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planResize } from '../../../src/local/image/resize.ts';

const photo = { width: 400, height: 267 };

describe('the plan of a resize', () => {
  it('rounds halves up', () => {
    const { scaled } = planResize({ width: 2500, height: 1875 }, { p: 50 });

    expect(scaled).toEqual({ width: 1250, height: 938 });
  });

  it('takes the long side for l and the short side for s, whichever way the picture lies', () => {
    const sizes = [
      planResize(photo, { l: 200 }),
      planResize({ width: 267, height: 400 }, { l: 200 }),
      planResize(photo, { s: 89 }),
      planResize(photo, { l: 100, s: 100 }),
      planResize(photo, { l: 100, s: 100, m: 'fill' }),
    ];

    expect(sizes.map(({ frame }) => [frame.width, frame.height])).toEqual([
      [200, 134],
      [134, 200],
      [133, 89],
      [100, 67],
      [100, 100],
    ]);
  });

  it('ignores l, s and p beside w or h', () => {
    const { frame } = planResize(photo, { w: 200, l: 50, s: 50, p: 10 });

    expect(frame).toEqual({ width: 200, height: 134 });
  });

  it('ignores the mode when only l or only s is given', () => {
    const { frame } = planResize(photo, { l: 200, m: 'pad' });

    expect(frame).toEqual({ width: 200, height: 134 });
  });

  it.each(['lfit', 'mfit', 'fill', 'pad', 'fixed'] as const)(
    'leaves a picture alone when %s would enlarge it, unless limit_0',
    (m) => {
      const limited = planResize(photo, { m, w: 800, h: 800 });
      const free = planResize(photo, { m, w: 800, h: 800, limit: '0' });

      expect(limited.frame).toEqual(photo);
      expect(free.frame.width).toBeGreaterThanOrEqual(800);
    },
  );

  it('never exceeds the target with lfit, never falls short of it with mfit, and meets it with the others', () => {
    const side = fc.integer({ min: 1, max: 5000 });

    fc.assert(
      fc.property(side, side, side, side, (width, height, w, h) => {
        const plan = (m: 'lfit' | 'mfit' | 'fill' | 'pad' | 'fixed') =>
          planResize({ width, height }, { m, w, h, limit: '0' });

        expect(plan('lfit').frame.width).toBeLessThanOrEqual(w);
        expect(plan('lfit').frame.height).toBeLessThanOrEqual(h);
        expect(plan('mfit').frame.width).toBeGreaterThanOrEqual(w);
        expect(plan('mfit').frame.height).toBeGreaterThanOrEqual(h);
        expect(plan('fill')).toEqual({ scaled: plan('mfit').scaled, frame: { width: w, height: h } });
        expect(plan('pad')).toEqual({ scaled: plan('lfit').scaled, frame: { width: w, height: h } });
        expect(plan('fixed').scaled).toEqual({ width: w, height: h });
      }),
    );
  });
});
