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

/** `loop: a.jpg > a_t.jpg`, the keys of a cycle. */
function describeCycle(cycle: Cycle): string {
  if (!('steps' in cycle)) {
    return cycle.kind;
  }
  const { kind, steps } = cycle;
  return `${kind}: ${[...steps.map(({ source }) => source.key), steps.at(-1)?.target.key].join(' > ')}`;
}

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

describe('the loop proof', () => {
  it('the loop proof lets no rule set pass by which one deletion would bring about others without end', () => {
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
      { numRuns: 300 },
    );
    // Chains of deletions were among them.
    expect(longest).toBeGreaterThan(1);
  });

  it('the loop proof lets no rule set pass that loops, and shows a loop that goes on for each that it refuses', () => {
    const seen = new Map<string, number>();
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

          for (const kind of cycles.length === 0 ? ['free'] : cycles.map((cycle) => cycle.kind)) {
            seen.set(kind, (seen.get(kind) ?? 0) + 1);
          }
          for (const start of cycles.length === 0 ? keys : []) {
            for (const bucket of ['bucket-1', 'bucket-2', 'any-bucket']) {
              const object = { bucket, key: start };
              expect(roundsOf(ruleSet, object, 10)).toBeLessThan(10);
              // What passes, the guard leaves alone, but for results that would be saved onto themselves.
              if (
                planOf(ruleSet, object).some(
                  (item) => item.status === 'skipped' && item.reason === 'own-output',
                )
              ) {
                expect(targetsOf(ruleSet, object)).toContainEqual(object);
              }
            }
          }
          for (const cycle of cycles) {
            const steps = 'steps' in cycle ? cycle.steps : [];
            for (const [round, step] of steps.entries()) {
              expect(targetsOf(ruleSet, step.source, round)).toContainEqual(step.target);
            }
            if (cycle.kind === 'loop') {
              expect(roundsOf(ruleSet, cycle.steps[0]?.source ?? { bucket: '', key: '' }, 4)).toBe(4);
            }
            if (cycle.kind === 'own-source') {
              const last = cycle.steps.at(-1);
              expect(last?.target).toEqual(last?.source);
            }
          }
        },
      ),
      { numRuns: Number(process.env.PROOF_RUNS ?? 2_000) },
    );
    expect((seen.get('free') ?? 0) > 500 && (seen.get('loop') ?? 0) > 100).toBe(true);
    // What cannot be decided is rare, even among rule sets nobody would write.
    expect(seen.get('unproven') ?? 0).toBeLessThan(200);
  }, 240_000);

  it.each<[string, Sketch[], string]>([
    [
      'output under input',
      [{ key: 'uploads/**', to: 'uploads/thumbs/{base}' }],
      'own-source: uploads/a > uploads/thumbs/a > uploads/thumbs/a',
    ],
    [
      'output under input, name grown',
      [{ key: 'uploads/*', to: 'uploads/{name}-{w}.webp', vary: { w: [320, 640] } }],
      'loop: uploads/a > uploads/a-320.webp',
    ],
    ['the same key', [{ key: '**/*.jpg', to: '{dir}/{name}.jpg' }], 'own-source: a.jpg > a.jpg'],
    [
      'the same key for one format',
      [{ key: '**/*.{jpg,webp}', to: '{dir}/{name}.webp' }],
      'own-source: a.jpg > a.webp > a.webp',
    ],
    ['a sibling suffix', [{ key: '**/*.jpg', to: '{dir}/{name}_thumb.jpg' }], 'loop: a.jpg > a_thumb.jpg'],
    ['no prefix', [{ key: '**', to: '{name}.webp' }], 'own-source: a > a.webp > a.webp'],
    ['a date and an ETag', [{ key: '**', to: 'out/{yyyy}/{etag}/{base}' }], 'loop: a > out/2026/0/a'],
    [
      'ping-pong over two buckets',
      [
        { key: '**', bucket: 'bucket-1', to: '{key}', toBucket: 'bucket-2' },
        { key: '**', bucket: 'bucket-2', to: '{key}', toBucket: 'bucket-1' },
      ],
      'loop: a > a > a',
    ],
    [
      'ping-pong of two formats',
      [
        { key: 'a/*.png', to: 'b/{name}.jpg' },
        { key: 'b/*.jpg', to: 'a/{name}.png' },
      ],
      'loop: a/a.png > b/a.jpg > a/a.png',
    ],
    [
      'a name said twice',
      [{ key: 'x/**/*.webp', to: 'x/{name}/{name}-1.webp' }],
      'loop: x/a.webp > x/a/a-1.webp',
    ],
    [
      'the result of a task',
      [{ key: 'films/**', to: 'films/mp4/{name}-s.mp4', style: 'video/convert,f_mp4' }],
      'loop: films/a > films/mp4/a-s.mp4',
    ],
    [
      'numbered results of a task',
      [{ key: 'x/**', to: 'x/{name}/{index}.jpg', style: 'video/snapshots,f_jpg' }],
      'own-source: x/a/1.jpg > x/1/1.jpg > x/1/1.jpg',
    ],
  ])('refuses %s, and shows it', (_, sketches, expected) => {
    expect(cyclesOf(...sketches).map(describeCycle)).toEqual([expected]);
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
  ])('the loop proof lets pass what is kept apart by %s', (_, sketches) => {
    expect(cyclesOf(...sketches)).toEqual([]);
  });

  it('the loop proof lets pass what only looks like a cycle, because it ends after some rounds', () => {
    expect(cyclesOf({ key: '{a,ab}/*', to: '{dir}b/{base}' })).toEqual([]);
    expect(
      cyclesOf({ key: 'uploads/**', to: 'derived/{base}' }, { key: '**/*.png', to: '{dir}/{name}.jpg' }),
    ).toEqual([]);
  });

  it('names the rules and a key where it cannot decide', () => {
    expect(cyclesOf({ key: 'b/**', to: '{ext}/{name}.{ext}' })).toEqual([
      { kind: 'unproven', rules: [expect.objectContaining({ name: 'r0' })], key: 'b/a.' },
    ]);
  });

  it('the loop proof follows a ring of many rules all around', () => {
    const ring = Array.from({ length: 40 }, (_, i) => ({ key: `s${i}/*`, to: `s${(i + 1) % 40}/{base}` }));

    expect(cyclesOf(...ring)).toMatchObject([{ kind: 'loop', steps: { length: 40 } }]);
  });
});
