import fc from 'fast-check';
import { Words } from 'refa';
import { describe, expect, it } from 'vitest';
import { targetObjects } from '../../src/check/collisions.ts';
import { findEdges, writersOf } from '../../src/check/graph.ts';
import { exampleKey, splitKeys, writtenKeys } from '../../src/check/language.ts';
import { createBudget } from '../../src/compile/budget.ts';
import type { SourceRule } from '../../src/compile/compile.ts';
import type { OssObject } from '../../src/process.ts';
import { matchesKey } from '../../src/rules/key-table.ts';
import { compileSketches, type Sketch } from './sketches.ts';

function rulesOf(...sketches: Sketch[]) {
  const compiled = compileSketches(sketches);
  if (!compiled.ok) {
    throw new Error(JSON.stringify(compiled.diagnostics));
  }
  return compiled.source;
}

/** The keys that a rule of one output writes. */
function writtenBy(sketch: Sketch) {
  const budget = createBudget(100_000);
  const [writer] = writersOf(rulesOf(sketch));
  if (writer === undefined) {
    throw new Error('no output');
  }
  const written = writtenKeys(splitKeys(writer.rule.keys, budget), writer, budget);
  return { writer, holds: (key: string) => written.test(Words.fromStringToUnicode(key)) };
}

const glob = fc.constantFrom(
  'uploads/**/*.jpg',
  '**/*.{jpg,png}',
  'a/*',
  '*',
  'photos/[a-c]*/**',
  '**',
  'x/?.jpg',
  'in/**/raw/*.x.y',
);
const target = fc.constantFrom(
  'derived/{dir}/{name}-t.webp',
  '{dir}/{base}.webp',
  '{name}/{ext}/{rule}',
  'out/{key}',
  '{dir}{name}',
  '{bucket}/{yyyy}-{mm}-{dd}/{base}',
  'x{dir}/y/{dir}/{name}.{ext}',
  '{b64:{key}}/{etag}/a',
);

/** Keys that the globs above can match, and near misses. */
const key = fc
  .array(fc.constantFrom('uploads', 'photos', 'a', 'in', 'raw', 'x', 'b1', 'c', '.', '..', '花'), {
    maxLength: 4,
  })
  .chain((dirs) =>
    fc
      .tuple(fc.constantFrom('k', '.k', 'k.x', 'a.b.c', ''), fc.constantFrom('.jpg', '.png', '', '.', '.x.y'))
      .map(([name, ext]) => [...dirs, name + ext].join('/')),
  )
  .filter((text) => text !== '');

function takes({ compiled: { match } }: SourceRule, { bucket, key }: OssObject): boolean {
  const isInBucket = match.buckets.length === 0 || match.buckets.includes(bucket);
  return isInBucket && !/^[/\\]|\/$/.test(key) && matchesKey(match.keys, key);
}

describe('the keys that an output writes', () => {
  it('the keys that an output writes hold every key that it is saved under', () => {
    fc.assert(
      fc.property(glob, target, fc.array(key, { minLength: 20, maxLength: 20 }), (from, to, keys) => {
        const { writer, holds } = writtenBy({ key: from, bucket: 'bucket-1', to, toBucket: 'bucket-2' });

        for (const source of keys.map((text) => ({ bucket: 'bucket-1', key: text }))) {
          for (const saved of takes(writer.rule, source) ? targetObjects(writer, source) : []) {
            expect([source.key, saved.key, holds(saved.key)]).toEqual([source.key, saved.key, true]);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['uploads/**/*.jpg', '{dir}/{name}.webp', 'uploads/a/b.webp', true],
    ['uploads/**/*.jpg', '{dir}/{name}.webp', 'other/b.webp', false],
    ['uploads/**/*.jpg', 'x/{name}.webp', 'x/a/b.webp', false],
    ['uploads/**/*.{jpg,png}', 'x/{name}.{ext}', 'x/a.png', true],
    ['uploads/**/*.{jpg,png}', 'x/{name}.{ext}', 'x/a.gif', false],
    ['**/*.jpg', '{dir}/{name}', 'a.jpg', true], // a.jpg.jpg writes it
    ['*.jpg', '{dir}/{name}_t.jpg', 'a_t.jpg', true],
    ['*.jpg', '{dir}/{name}_t.jpg', '/a_t.jpg', false],
    ['*.jpg', '{dir}/{name}_t.jpg', 'b/a_t.jpg', false],
    ['*.jpg', 'd/{etag}.jpg', 'd/7D73E1052AF595535DE90994F4C3E6D5.jpg', true],
    ['*.jpg', 'd/{etag}.jpg', 'd/cat.jpg', false],
    ['*.jpg', 'd/{b64:©}.jpg', 'd/wqk.jpg', true],
    ['*.jpg', 'd/{b64:©}.jpg', 'd/wqw.jpg', false],
  ])('the keys that an output writes of %s saved as %s hold %s: %s', (from, to, saved, expected) => {
    expect(writtenBy({ key: from, to }).holds(saved)).toBe(expected);
  });

  it('the keys that an output writes hold the values of a variable of vary, and no others', () => {
    const { holds } = writtenBy({ key: 'a/*', to: 'd/{name}-{w}', vary: { w: [320, 640] } });

    expect(['d/x-320', 'd/x-640', 'd/x-64'].map(holds)).toEqual([true, true, false]);
  });
});

describe('the edges between rules', () => {
  it('the edges between rules leave out no rule that takes what another one saves', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: glob, to: target }), { minLength: 2, maxLength: 4 }),
        fc.array(key, { minLength: 20, maxLength: 20 }),
        (sketches, keys) => {
          const rules = rulesOf(...sketches.map((sketch, i) => ({ ...sketch, to: `${sketch.to}${i}.jpg` })));
          const writers = writersOf(rules);
          const edges = findEdges(rules, writers) ?? [];

          for (const writer of writers) {
            const sources = keys.map((text) => ({ bucket: 'bucket-1', key: text }));
            const saved = sources
              .filter((source) => takes(writer.rule, source))
              .flatMap((one) => targetObjects(writer, one));
            for (const taker of rules.filter((rule) => saved.some((object) => takes(rule, object)))) {
              expect(edges.some((edge) => edge.writer === writer && edge.taker === taker)).toBe(true);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('an example of keys', () => {
  it.each([
    ['**', 'a'],
    ['**/*.jpg', 'a.jpg'],
    ['.*/?', './a'],
    ['照片/[一-龥]*', '照片/一'],
  ])('an example of the keys of %s is one that people might use: %s', (from, expected) => {
    const budget = createBudget(10_000);
    const [rule] = rulesOf({ key: from, to: 'x/{rule}' });

    expect(rule && exampleKey(rule.keys, budget)).toBe(expected);
  });
});
