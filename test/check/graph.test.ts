import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writersOf } from '../../src/check/graph.ts';
import { anyKey, anySketch, compileSketches, type Sketch, targetsOf } from './sketches.ts';

function writerOf(sketch: Sketch) {
  const compiled = compileSketches([sketch]);
  return compiled.ok ? writersOf(compiled.source)[0] : undefined;
}

describe('how the keys of an output begin', () => {
  it.each<[string, Sketch, string[]]>([
    [
      'with each value of vary',
      { key: 'up/**', to: '{w}/{key}', vary: { w: [320, 's'] } },
      ['320/up/', 's/up/'],
    ],
    ['without a folder where sources have none', { key: '*.jpg', to: '{dir}/thumbs/{base}' }, ['thumbs/']],
    [
      'with the one folder of all sources',
      { key: 'up/*.jpg', to: 'x/{dir}/thumbs/{base}' },
      ['x/up/thumbs/'],
    ],
    ['with the folders that all sources share', { key: 'up/**', to: '{dir}/thumbs/{base}' }, ['up/']],
    ['with what is encoded', { key: '*', to: '{b64:{w}}/{key}', vary: { w: ['a'] } }, ['YQ/']],
    ['with anything where only the upload tells', { key: 'up/*', to: '{b64:{key}}/{base}' }, ['']],
  ])('the keys of an output begin %s', (_, sketch, expected) => {
    expect(writerOf(sketch)?.prefixes).toEqual(expected);
  });

  it('the keys of an output begin and end as the filters by which rules are told apart say', () => {
    fc.assert(
      fc.property(anySketch, fc.array(anyKey, { minLength: 20, maxLength: 20 }), (sketch, keys) => {
        const compiled = compileSketches([sketch]);
        fc.pre(compiled.ok);
        const [{ prefix = '?', prefixes = [], suffix = '?' } = {}] = writersOf(compiled.source);

        for (const source of keys) {
          for (const { key } of targetsOf(compiled.ruleSet, { bucket: 'bucket-1', key: source })) {
            expect([key.startsWith(prefix), key.endsWith(suffix)]).toEqual([true, true]);
            expect(prefixes.some((one) => key.startsWith(one))).toBe(true);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
