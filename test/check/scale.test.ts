import { describe, expect, it } from 'vitest';
import { checkRules } from '../../src/check/check.ts';
import { compileSketches, type Sketch } from './sketches.ts';

const many = (count: number, sketchOf: (i: number) => Sketch) =>
  Array.from({ length: count }, (_, i) => sketchOf(i));

/** Compiles and checks: the codes that it finds, and the processor time that it takes, since others may keep the machine busy. */
function check(sketches: readonly Sketch[]) {
  const before = process.cpuUsage();
  const compiled = compileSketches(sketches);
  const { diagnostics } = compiled.ok ? checkRules(compiled) : compiled;
  const { user, system } = process.cpuUsage(before);
  const codes = diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  return { codes: [...new Set(codes)], seconds: (user + system) / 1e6 };
}

describe('checking rules by the thousand', () => {
  it('the check takes less than five seconds for a thousand ordinary rules', () => {
    const { codes, seconds } = check(
      many(1_000, (i) => ({
        key: `tenants/${i}/uploads/**/*.{jpg,jpeg,png,webp}`,
        exclude: '**/private/**',
        to: 'derived/{dir}/{base}-320.webp',
      })),
    );

    expect(codes).toEqual([]);
    expect(seconds).toBeLessThan(5);
  });

  it.each<[string, Sketch[], string[]]>([
    [
      'results beside their sources',
      many(1_000, (i) => ({ key: `photos/**/${i}*.jpg`, exclude: '**/*_t.jpg', to: '{dir}/{name}_t.jpg' })),
      [],
    ],
    [
      'five thousand that keep apart',
      many(5_000, (i) => ({ key: `t${i}/in/**/*.jpg`, to: `t${i}/out/{base}` })),
      [],
    ],
    [
      'hundreds in one folder, with endings of their own',
      many(500, (i) => ({ key: `uploads/*-${i}.jpg`, to: `uploads/{name}-out${i}.png` })),
      [],
    ],
    ['five thousand in one chain', many(5_000, (i) => ({ key: `s${i}/*`, to: `s${i + 1}/{base}` })), []],
    [
      'five thousand in a ring',
      many(5_000, (i) => ({ key: `s${i}/*`, to: `s${(i + 1) % 5_000}/{base}` })),
      ['too-complex'],
    ],
    [
      'hundreds whose results lie deeper than any takes',
      many(300, (i) => ({ key: `t/${i}*/*.jpg`, to: 't/{name}/{name}/{name}.jpg' })),
      [],
    ],
    [
      'folders of shops anywhere, with results in a folder of each',
      many(1_000, (i) => ({ key: `**/shop${i}/*.jpg`, to: '{dir}/small/{base}' })),
      [],
    ],
    [
      'folders of shops anywhere, with a folder of results for each',
      many(1_000, (i) => ({ key: `**/shop${i}/**/*.{jpg,png}`, to: `thumbs/${i}/{name}.jpg` })),
      [],
    ],
    [
      'folders of shops anywhere, below a folder that they lack',
      many(100, (i) => ({
        key: `**/shop${i}/**/*.[jJ][pP][gG]`,
        exclude: '**/small/**',
        to: `{dir}/small/${i}-{base}`,
      })),
      [],
    ],
    [
      'folders of shops anywhere, with six widths in a folder of each',
      many(300, (i) => ({
        key: `**/shop${i}/*.{jpg,webp}`,
        to: '{dir}/{w}/{base}',
        vary: { w: [160, 320, 640, 960, 1280, 1920] },
      })),
      [],
    ],
    [
      'folders of shops anywhere, each of which takes its own results',
      many(1_000, (i) => ({ key: `**/shop${i}/*.jpg`, to: 'thumbs/{key}' })),
      ['loop'],
    ],
    ['as many that do', many(2_000, (i) => ({ key: '**', to: `{dir}/x${i}/{base}` })), ['too-complex']],
  ])(
    'the check answers within ten seconds for %s',
    (_, sketches, expected) => {
      const { codes, seconds } = check(sketches);

      expect(codes).toEqual(expected);
      expect(seconds).toBeLessThan(10);
    },
    240_000,
  );
});

describe('checking a few rules of hard globs', () => {
  const bucket = 'bucket-1';

  it.each<[string, Sketch[]]>([
    [
      'that compile to huge automata',
      many(20, (i) => ({
        key: `**a${'?'.repeat(8)}`,
        exclude: `**b${'?'.repeat(7)}`,
        to: `{dir}/{key}/${i}`,
      })),
    ],
    [
      'whose results double themselves',
      [
        { key: '**/**', to: '{dir}/{ext}/{w}{base}', vary: { w: ['a', 'ab/'] }, bucket, toBucket: bucket },
        {
          key: ['*.{jpg,png}', 'x/**'],
          to: 'b/b/{name}_t.jpg',
          exclude: '*/**/*_t.*',
          bucket,
          toBucket: 'bucket-2',
        },
        { key: '*/**', to: 'b/{ext}/{name}.{ext}', exclude: '[ab]*.png', bucket, toBucket: 'bucket-2' },
      ],
    ],
    [
      'that repeat what they take',
      [
        { key: '*', to: '{base}/b/{base}', toBucket: bucket },
        {
          key: ['**/*_t.*', '?/*.{jpg,png}'],
          to: '{ext}/{dir}/{w}{base}',
          vary: { w: ['a', 'ab/'] },
          exclude: '*/[ab]*.png',
        },
        { key: '*.jpg', to: '{name}/{base}/{name}_t.jpg', bucket, toBucket: 'bucket-2' },
      ],
    ],
  ])(
    'a few rules %s are refused within ten seconds',
    (_, sketches) => {
      const { codes, seconds } = check(sketches);

      expect(codes).not.toEqual([]);
      expect(seconds).toBeLessThan(10);
    },
    240_000,
  );
});
