import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findCollisions } from '../../../src/check/old/collisions.ts';
import { findLoops, type Loop } from '../../../src/check/old/loops.ts';
import { parseRules, type RuleSet } from '../../../src/check/old/rule.ts';
import { planTargets } from '../../../src/cli/check/planner.ts';

/** A rule of one output, in short. */
interface Sketch {
  key: string | string[];
  exclude?: string | string[];
  bucket?: string | string[];
  to: string;
  toBucket?: string;
  vary?: object;
}

function readRules(sketches: readonly Sketch[]) {
  const rules = sketches.map(({ key, exclude, bucket, to, toBucket, vary }, i) => ({
    name: `r${i}`,
    match: { key, ...(exclude && { exclude }), ...(bucket && { bucket }) },
    outputs: [
      {
        style: 'image/resize,w_9',
        target: { key: to, ...(toBucket && { bucket: toBucket }) },
        ...(vary && { vary }),
      },
    ],
  }));
  return parseRules({ rules });
}

function rulesOf(...sketches: Sketch[]): RuleSet {
  const parsed = readRules(sketches);
  if (!parsed.ok) {
    throw new Error(JSON.stringify(parsed.issues));
  }
  return parsed.rules;
}

const loopsOf = (...sketches: Sketch[]) => findLoops(rulesOf(...sketches), planTargets).loops;

/** `a.jpg > a_t.jpg`, the keys of a loop. */
const keysOf = ({ kind, steps }: Loop) =>
  `${kind}: ${[...steps.map(({ source }) => source.key), steps.at(-1)?.target.key].join(' > ')}`;

/** Follows all results of an object for so many rounds, or until there are none. */
function roundsOf({ rules }: RuleSet, start: { bucket: string; key: string }, limit: number): number {
  let objects = [start];
  for (let round = 0; round < limit; round += 1) {
    const next = objects.flatMap(({ bucket, key }) =>
      rules
        .flatMap((rule) => planTargets(rule, { bucket, key, eTag: String(round) }))
        .filter((target) => target.bucket !== bucket || target.key !== key),
    );
    objects = [...new Map(next.map((object) => [JSON.stringify(object), object])).values()];
    if (objects.length === 0) {
      return round;
    }
  }
  return limit;
}

const folder = fc.constantFrom('a', 'b', 'ab', 'x', '**', '*', '{a,b}', '?');
const file = fc.constantFrom('*.jpg', '*.{jpg,png}', '*', '**', '**', '*_t.*', '[ab]*.png', 'k.jpg');
const glob = fc
  .tuple(fc.array(folder, { maxLength: 2 }), file)
  .map(([folders, last]) => [...folders, last].join('/'));
const targetFolder = fc.constantFrom('{dir}', '{name}', 'a', 'b', '{ext}', '{base}', '{rule}');
const targetFile = fc.constantFrom(
  '{base}',
  '{name}.png',
  '{name}_t.jpg',
  '{key}',
  '{name}.{ext}',
  'k.jpg',
  '{w}{base}',
);
const target = fc
  .tuple(fc.array(targetFolder, { maxLength: 2 }), targetFile)
  .map(([folders, last]) => [...folders, last].join('/'));
const bucket = fc.option(fc.constantFrom('bucket-1', 'bucket-2'), { nil: undefined });
const sketch: fc.Arbitrary<Sketch> = fc
  .record({
    key: fc.oneof(glob, fc.array(glob, { minLength: 1, maxLength: 2 })),
    exclude: fc.option(glob, { nil: undefined }),
    bucket,
    to: target,
    toBucket: bucket,
  })
  .map(({ key, exclude, bucket: from, to, toBucket }) => ({
    key,
    to,
    ...(to.includes('{w}') && { vary: { w: ['a', 'ab/'] } }),
    ...(exclude && { exclude }),
    ...(from && { bucket: from }),
    ...(toBucket && { toBucket }),
  }));
const key = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', 'x', 'ab', 'k'), { maxLength: 3 }),
    fc.constantFrom('a', 'b', 'x', 'k', 'a_t', 'b.x', '.a'),
    fc.constantFrom('.jpg', '.png', '', '.'),
  )
  .map(([folders, name, ext]) => [...folders, name + ext].join('/'));

describe('the loop proof', () => {
  it('lets no rule set pass that loops, and shows a loop that goes on for each that it refuses', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(
        fc.array(sketch, { minLength: 1, maxLength: 3 }),
        fc.array(key, { minLength: 30, maxLength: 30 }),
        (sketches, keys) => {
          const parsed = readRules(sketches);
          fc.pre(parsed.ok);
          const rules = parsed.ok ? parsed.rules : rulesOf();

          const { loops } = findLoops(rules, planTargets);

          const isFree = loops.every(({ kind }) => kind === 'ends');
          for (const kind of isFree ? ['free'] : loops.map((loop) => loop.kind)) {
            seen.set(kind, (seen.get(kind) ?? 0) + 1);
          }
          for (const start of isFree ? keys : []) {
            for (const from of ['bucket-1', 'bucket-2', 'any-bucket']) {
              expect(roundsOf(rules, { bucket: from, key: start }, 10)).toBeLessThan(10);
            }
          }
          for (const { kind, steps } of loops) {
            for (const { ruleIndex, source, target: made } of steps) {
              const rule = rules.rules[ruleIndex];
              expect(rule && planTargets(rule, source)).toContainEqual(made);
            }
            if (kind === 'loop') {
              expect(roundsOf(rules, steps[0]?.source ?? { bucket: '', key: '' }, 4)).toBe(4);
            }
            if (kind === 'own-source') {
              expect(steps.at(-1)?.target).toMatchObject({ key: steps.at(-1)?.source.key });
            }
          }
        },
      ),
      { numRuns: 2_000 },
    );
    expect((seen.get('free') ?? 0) > 500 && (seen.get('loop') ?? 0) > 100).toBe(true);
    // What cannot be decided is rare, even among rule sets nobody would write.
    expect(seen.get('possible') ?? 0).toBeLessThan(200);
  }, 240_000);

  it.each<[string, Sketch[], string]>([
    [
      'output under input',
      [{ key: 'uploads/**', to: 'uploads/thumbs/{base}' }],
      'own-source: uploads/b > uploads/thumbs/b > uploads/thumbs/b',
    ],
    [
      'output under input, name grown',
      [{ key: 'uploads/*', to: 'uploads/{name}-{w}.webp', vary: { w: [320, 640] } }],
      'loop: uploads/b > uploads/b-320.webp',
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
      'loop: a/b.png > b/b.jpg > a/b.png',
    ],
    [
      'a name said twice',
      [{ key: 'x/**/*.webp', to: 'x/{name}/{name}-1.webp' }],
      'loop: x/a.webp > x/a/a-1.webp',
    ],
  ])('refuses %s, and shows it', (_, sketches, expected) => {
    expect(loopsOf(...sketches).map(keysOf)).toEqual([expected]);
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
    ['a depth that the glob has not', [{ key: 'in/*', to: 'in/{name}/{name}' }]],
    ['another bucket', [{ key: '**', bucket: 'bucket-1', to: '{key}', toBucket: 'bucket-2' }]],
  ])('lets pass what is kept apart by %s', (_, sketches) => {
    expect(loopsOf(...sketches)).toEqual([]);
  });

  it('tells a chain that ends from one that does not', () => {
    expect(loopsOf({ key: '{a,ab}/*', to: '{dir}b/{base}' }).map(keysOf)).toEqual(['ends: a/c > ab/c']);
  });

  it('lists the chains of rules that lead nowhere back', () => {
    const rules = rulesOf(
      { key: 'video/*.mp4', to: 'covers/{name}.jpg' },
      { key: 'covers/*.jpg', to: 'small/{base}' },
    );

    const { loops, chains } = findLoops(rules, planTargets);

    expect(loops).toEqual([]);
    expect(chains.map(({ source, target: made, rule, next }) => [source.key, made.key, rule, next])).toEqual([
      ['video/a.mp4', 'covers/a.jpg', 'r0', 'r1'],
    ]);
  });

  it('names what stands in the way where it cannot decide', () => {
    const [loop] = loopsOf({ key: 'b/**', to: '{ext}/{name}.{ext}' });

    expect(loop).toMatchObject({ kind: 'possible', why: expect.stringContaining('{ext}') });
  });

  it('follows a ring of many rules all around', () => {
    const ring = Array.from({ length: 40 }, (_, i) => ({ key: `s${i}/*`, to: `s${(i + 1) % 40}/{base}` }));

    expect(loopsOf(...ring).map(({ kind, steps }) => [kind, steps.length])).toEqual([['loop', 40]]);
  });

  it('refuses what is too complex to follow rather than hang', () => {
    const hard = loopsOf({
      key: `**a${'?'.repeat(40)}`,
      exclude: `**b${'?'.repeat(41)}`,
      to: '{dir}/{dir}/{key}',
    });

    expect(hard.map(({ kind }) => kind)).not.toEqual([]);
  });
});

describe('collisions', () => {
  it.each<[string, Sketch[], string[], string]>([
    [
      'two rules for one object',
      [
        { key: 'a/*.jpg', to: 'd/{name}.webp' },
        { key: '**/*.jpg', to: 'd/{name}.webp' },
      ],
      ['a/b.jpg', 'a/b.jpg'],
      'd/b.webp',
    ],
    [
      'rules for two objects',
      [
        { key: 'a/*', to: 'd/{base}' },
        { key: 'b/*', to: 'd/{base}' },
      ],
      ['a/a', 'b/a'],
      'd/a',
    ],
    [
      'one rule whose key leaves the format out',
      [{ key: 'a/*.{jpg,png}', to: '{dir}/d/{name}.webp' }],
      ['a/b.jpg', 'a/b.png'],
      'a/d/b.webp',
    ],
    ['one rule whose key leaves the folder out', [{ key: 'a/**', to: 'd/{base}' }], ['a/b', 'a/b/b'], 'd/b'],
  ])('are shown: %s', (_, sketches, sources, made) => {
    const found = findCollisions(rulesOf(...sketches), planTargets).find(
      ({ first, second }) => first !== second || sketches.length === 1,
    );

    expect([found?.sources.map((source) => source.key), found?.target.key]).toEqual([sources, made]);
  });

  it('are not seen where keys differ', () => {
    const rules = rulesOf(
      { key: 'a/*', to: 'd/{base}' },
      { key: 'a/*', to: 'd/{base}.webp', exclude: '**/*.webp' },
      { key: 'b/*.jpg', to: 'd/{name}/{base}' },
    );

    const found = findCollisions(rules, planTargets).filter(({ first, second }) => first !== second);

    // `a/x.webp` and `a/x` are one key after the second rule has added its own ending.
    expect(found.map(({ target: made }) => made.key)).toEqual(['d/a.webp']);
  });
});
