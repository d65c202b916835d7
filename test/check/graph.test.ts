import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findEdges, writersOf } from '../../src/check/graph.ts';
import { matchesKey } from '../../src/rules/key-table.ts';
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
    expect(writerOf(sketch)?.shapes.map(({ prefix }) => prefix)).toEqual(expected);
  });

  it('the keys of an output begin and end as the filters by which rules are told apart say', () => {
    fc.assert(
      fc.property(anySketch, fc.array(anyKey, { minLength: 20, maxLength: 20 }), (sketch, keys) => {
        const compiled = compileSketches([sketch]);
        fc.pre(compiled.ok);
        const [{ prefix = '?', shapes = [], suffix = '?' } = {}] = writersOf(compiled.source);

        for (const source of keys) {
          for (const { key } of targetsOf(compiled.ruleSet, { bucket: 'bucket-1', key: source })) {
            expect([key.startsWith(prefix), key.endsWith(suffix)]).toEqual([true, true]);
            expect(shapes.some((one) => key.startsWith(one.prefix))).toBe(true);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('an edge is found wherever a rule takes what an output has written', () => {
    let taken = 0;
    fc.assert(
      fc.property(
        fc.tuple(anySketch, anySketch),
        fc.array(anyKey, { minLength: 20, maxLength: 20 }),
        (sketches, keys) => {
          const compiled = compileSketches(sketches);
          fc.pre(compiled.ok);
          const { source: rules, ruleSet } = compiled;
          const edges = findEdges(rules, writersOf(rules)) ?? [];
          const isFed = (i: number, j: number) =>
            edges.some(({ writer, taker }) => writer.rule === rules[i] && taker === rules[j]);

          for (const [i, rule] of ruleSet.rules.entries()) {
            const sources = keys.map((key) => ({ bucket: rule.match.buckets[0] ?? 'bucket-1', key }));
            const targets = sources
              .flatMap((source) => targetsOf({ rules: [rule] }, source))
              // No such key is a source, whatever the globs say.
              .filter(({ key }) => !/^[/\\]|\/$/.test(key));
            for (const [j, { match }] of ruleSet.rules.entries()) {
              const isTaken = targets.some(
                ({ bucket, key }) =>
                  (match.buckets.length === 0 || match.buckets.includes(bucket)) &&
                  matchesKey(match.keys, key),
              );
              taken += Number(isTaken);
              expect(isTaken && !isFed(i, j)).toBe(false);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(100);
  });
});
