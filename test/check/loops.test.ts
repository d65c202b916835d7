import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findEdges, writersOf } from '../../src/check/graph.ts';
import { type Cycle, findCycles } from '../../src/check/loops.ts';
import { plan } from '../../src/pipeline/plan.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';
import { anyKey, anySketch, compileSketches, planOf, type Sketch, targetsOf } from './sketches.ts';

function cyclesOf(...sketches: Sketch[]): Cycle[] {
  const compiled = compileSketches(sketches);
  if (!compiled.ok) {
    throw new Error(JSON.stringify(compiled.diagnostics));
  }
  const { source } = compiled;
  return findCycles(findEdges(source, writersOf(source)) ?? []);
}

/** `a_t.jpg > a.jpg`, the keys that are saved and taken. */
const keysOf = ({ steps }: Cycle) => steps.map(({ key }) => key).join(' > ');

/** Follows all results of an object as the planner gives them, for so many rounds or until there are none. */
function roundsOf(rules: RuleSet, start: { bucket: string; key: string }, limit: number): number {
  let objects = [start];
  for (let round = 0; round < limit; round += 1) {
    const next = objects.flatMap((object) =>
      targetsOf(rules, object, round).filter(
        (target) => target.bucket !== object.bucket || target.key !== object.key,
      ),
    );
    objects = [...new Map(next.map((object) => [JSON.stringify(object), object])).values()];
    if (objects.length === 0) {
      return round;
    }
  }
  return limit;
}

/** Whether some result of an object, or of its results, is saved onto itself, or goes on for more rounds than there are rules. */
function goesRound(rules: RuleSet, start: { bucket: string; key: string }): boolean {
  const [first = start] = targetsOf(rules, start).filter(
    ({ bucket, key }) => bucket !== start.bucket || key !== start.key,
  );
  const isSavedOntoItself = [start, first].some((object) =>
    targetsOf(rules, object).some(({ bucket, key }) => bucket === object.bucket && key === object.key),
  );
  return isSavedOntoItself || roundsOf(rules, start, 4) === 4;
}

/** Follows the deletions that the deletion of an object brings about, where all outputs go with their source. */
function removalsOf({ rules }: RuleSet, start: { bucket: string; key: string }, limit: number): number {
  const removing = rules.map((rule) => ({ ...rule, onRemove: 'delete' as const }));
  let objects = [start];
  for (let round = 0; round < limit; round += 1) {
    objects = objects.flatMap((object) => {
      const event = { ...object, eventName: 'ObjectRemoved:DeleteObject' };
      const items = plan({ kind: 'object', event }, { rules: removing });
      return items.flatMap((item) => (item.status === 'planned' ? [item.target] : []));
    });
    if (objects.length === 0) {
      return round;
    }
  }
  return limit;
}

/** Three rules are read as they are; finding shorter ones takes more minutes than the test has. */
const unshrunk = { endOnFailure: true };

describe('the loop proof', () => {
  it('the loop proof lets no rule set pass by which one deletion would bring about others without end', () => {
    const seed = Date.now();
    const chain: Sketch[] = [
      { key: 'a/*', to: 'b/{base}' },
      { key: 'b/*', to: 'x/{base}' },
    ];
    let longest = 0;
    fc.assert(
      fc.property(
        fc.array(anySketch, { minLength: 1, maxLength: 3 }),
        fc.array(anyKey, { minLength: 10, maxLength: 10 }),
        (sketches, keys) => {
          const compiled = compileSketches(sketches);
          fc.pre(compiled.ok);
          const { source, ruleSet } = compiled;
          fc.pre(findCycles(findEdges(source, writersOf(source)) ?? []).length === 0);

          for (const key of keys) {
            const rounds = removalsOf(ruleSet, { bucket: 'bucket-1', key }, 10);
            expect(rounds).toBeLessThan(10);
            longest = Math.max(longest, rounds);
          }
        },
      ),
      { ...unshrunk, numRuns: 300, seed, examples: [[chain, Array(10).fill('a/k.jpg')]] },
    );
    // A chain of deletions was among them.
    expect(longest).toBeGreaterThan(1);
  });

  it('the loop proof lets no rule set pass that loops, and shows keys that are taken for each that it refuses', () => {
    const numRuns = Number(process.env.PROOF_RUNS ?? 2_000);
    const seed = Date.now();
    const seen = { free: 0, refused: 0, goesRound: 0 };
    fc.assert(
      fc.property(
        fc.array(anySketch, { minLength: 1, maxLength: 3 }),
        fc.array(anyKey, { minLength: 30, maxLength: 30 }),
        (sketches, keys) => {
          const compiled = compileSketches(sketches);
          fc.pre(compiled.ok);
          if (!compiled.ok) {
            return;
          }
          const { source, ruleSet } = compiled;

          const cycles = findCycles(findEdges(source, writersOf(source)) ?? []);

          seen[cycles.length === 0 ? 'free' : 'refused'] += 1;
          for (const start of cycles.length === 0 ? keys : []) {
            for (const bucket of ['bucket-1', 'bucket-2', 'any-bucket']) {
              const object = { bucket, key: start };
              expect(roundsOf(ruleSet, object, 10)).toBeLessThan(10);
              // The guard leaves alone what passes, but for results that would be saved onto themselves.
              if (
                planOf(ruleSet, object).some(
                  (item) => item.status === 'skipped' && item.reason === 'own-output',
                )
              ) {
                expect(targetsOf(ruleSet, object)).toContainEqual(object);
              }
            }
          }
          const steps = cycles.flatMap((cycle) => cycle.steps);
          for (const { taker, bucket, key } of steps) {
            const [item] = planOf({ rules: [taker.compiled] }, { bucket, key });
            expect(item).not.toMatchObject({ status: 'skipped', reason: 'no-rule-matched' });
          }
          const starts = [...steps, ...keys.map((key) => ({ bucket: 'bucket-1', key }))];
          if (starts.some(({ bucket, key }) => goesRound(ruleSet, { bucket, key }))) {
            seen.goesRound += 1;
          }
        },
      ),
      { ...unshrunk, numRuns, seed },
    );
    // About 1,370 of 2,000 are free of loops, and 590 loop.
    expect(seen.free, `seed ${seed}`).toBeGreaterThan(numRuns / 4);
    expect(seen.goesRound, `seed ${seed}`).toBeGreaterThan(numRuns / 20);
    // Rule sets that are refused and would end are rare, about 40, even among those that nobody would write.
    expect(seen.refused - seen.goesRound, `seed ${seed}`).toBeLessThan(numRuns / 10);
  }, 240_000);

  it.each<[string, Sketch[], string]>([
    ['output under input', [{ key: 'uploads/**', to: 'uploads/thumbs/{base}' }], 'uploads/thumbs/a'],
    [
      'output under input, name grown',
      [{ key: 'uploads/*', to: 'uploads/{name}-{w}.webp', vary: { w: [320, 640] } }],
      'uploads/a-320.webp',
    ],
    ['the same key', [{ key: '**/*.jpg', to: '{dir}/{name}.jpg' }], 'a.jpg'],
    ['the same key for one format', [{ key: '**/*.{jpg,webp}', to: '{dir}/{name}.webp' }], 'a.webp'],
    ['a sibling suffix', [{ key: '**/*.jpg', to: '{dir}/{name}_thumb.jpg' }], 'a_thumb.jpg'],
    [
      'folders beyond the first 65,536 characters',
      [{ key: '🎉📷/**/*.jpg', to: '🎉📷/s/{base}-s.jpg' }],
      '🎉📷/s/a.jpg-s.jpg',
    ],
    ['a rare hanzi', [{ key: '𠮷/**', to: '𠮷/s/{base}' }], '𠮷/s/a'],
    ['no prefix', [{ key: '**', to: '{name}.webp' }], 'a.webp'],
    ['a date and an ETag', [{ key: '**', to: 'out/{yyyy}/{etag}/{base}' }], 'out/2000/a/a'],
    [
      'ping-pong over two buckets',
      [
        { key: '**', bucket: 'bucket-1', to: '{key}', toBucket: 'bucket-2' },
        { key: '**', bucket: 'bucket-2', to: '{key}', toBucket: 'bucket-1' },
      ],
      'a > a',
    ],
    [
      'ping-pong of two formats',
      [
        { key: 'a/*.png', to: 'b/{name}.jpg' },
        { key: 'b/*.jpg', to: 'a/{name}.png' },
      ],
      'b/a.jpg > a/a.png',
    ],
    [
      'a folder whose name grows',
      [
        { key: 'a/*', to: '{dir}b/{base}' },
        { key: 'ab/*', to: 'a/{base}' },
      ],
      'ab/a > a/a',
    ],
    ['a name that begins with a dot', [{ key: 'x/**/.a', to: '{dir}/y/{name}' }], 'x/y/.a'],
    ['Base64 that is safe in a URL', [{ key: 'x/*[-_]*', to: 'x/{b64:{base}}' }], 'x/-'],
    ['the ETag of a multipart upload', [{ key: 'x/*-*', to: 'x/{etag}' }], 'x/-'],
    ['a late month', [{ key: 'x/1?/*', to: 'x/{mm}/{base}' }], 'x/10/a'],
    ['a second output', [{ key: 'x/*', to: ['y/{base}', 'x/{base}-1'] }], 'x/a-1'],
    [
      'a bucket that no rule names, beside one that a rule names',
      [
        { key: 'x/photos/*', to: 'x/{bucket}/{name}' },
        { key: '{a,ab}/*', bucket: 'bucket-1', to: '{dir}b/{base}' },
      ],
      'x/photos/a',
    ],
    ['a name said twice', [{ key: 'x/**/*.webp', to: 'x/{name}/{name}-1.webp' }], 'x/a/a-1.webp'],
    [
      'the result of a task',
      [{ key: 'films/**', to: 'films/mp4/{name}-s.mp4', style: 'video/convert,f_mp4' }],
      'films/mp4/a-s.mp4',
    ],
    [
      'numbered results of a task',
      [{ key: 'x/**', to: 'x/{name}/{index}.jpg', style: 'video/snapshots,f_jpg' }],
      'x/a/0.jpg',
    ],
  ])('the loop proof refuses %s, and shows it', (_, sketches, expected) => {
    expect(cyclesOf(...sketches).map(keysOf)).toEqual([expected]);
  });

  it.each<[string, Sketch[]]>([
    ['an exclude of the folder', [{ key: '**/*.jpg', exclude: 'thumbs/**', to: 'thumbs/{key}' }]],
    [
      'an exclude of the suffix',
      [{ key: '**/*.jpg', exclude: '**/*_t*.jpg', to: '{dir}/{name}_t{w}.jpg', vary: { w: [1, 2] } }],
    ],
    [
      'a folder that is excluded from what is read',
      [
        { key: 'in/**', exclude: 'in/raw/**', to: 'out/{key}' },
        { key: 'out/in/raw/**', to: 'in/{base}' },
      ],
    ],
    ['another format', [{ key: 'uploads/**/*.{jpg,png}', to: 'uploads/{name}.webp' }]],
    [
      'folder and format that belong together',
      [
        { key: ['a/*.jpg', 'b/*.png'], to: '{dir}x/{name}.{ext}' },
        { key: 'ax/*.png', to: 'a/{name}.jpg' },
      ],
    ],
    [
      'the number of a result, which is no name of letters',
      [{ key: 'x/[a-z]*.jpg', to: 'x/{index}.jpg', style: 'video/snapshots,f_jpg' }],
    ],
    ['a depth that the glob has not', [{ key: 'in/*', to: 'in/{name}/{name}' }]],
    ['another bucket', [{ key: '**', bucket: 'bucket-1', to: '{key}', toBucket: 'bucket-2' }]],
    ['a slash that OSS takes at no start of a key', [{ key: '*/?/**', to: '{ext}/{base}/{key}' }]],
  ])('the loop proof lets pass what is kept apart by %s', (_, sketches) => {
    expect(cyclesOf(...sketches)).toEqual([]);
  });

  it('the loop proof lets pass what only looks like a cycle, because it ends after some rounds', () => {
    expect(cyclesOf({ key: '{a,ab}/*', to: '{dir}b/{base}' })).toEqual([]);
    expect(
      cyclesOf({ key: 'uploads/**', to: 'derived/{base}' }, { key: '**/*.png', to: '{dir}/{name}.jpg' }),
    ).toEqual([]);
  });

  it('the loop proof refuses what nothing tells from a loop', () => {
    expect(cyclesOf({ key: 'b/**', to: '{ext}/{name}.{ext}' })).toMatchObject([
      { rules: [{ name: 'r0' }], steps: [{ key: 'b/a.' }] },
    ]);
  });

  it('the loop proof follows a ring of many rules all around', () => {
    const ring = Array.from({ length: 40 }, (_, i) => ({ key: `s${i}/*`, to: `s${(i + 1) % 40}/{base}` }));

    expect(cyclesOf(...ring)).toMatchObject([{ steps: { length: 40 } }]);
  });
});
