import type { Sketch } from './sketches.ts';

const many = (count: number, sketchOf: (i: number) => Sketch) =>
  Array.from({ length: count }, (_, i) => sketchOf(i));

/** A thousand rules as people write them. */
export const ordinaryRules = many(1_000, (i) => ({
  key: `tenants/${i}/uploads/**/*.{jpg,jpeg,png,webp}`,
  exclude: '**/private/**',
  to: 'derived/{dir}/{base}-320.webp',
}));

/** Rules by the hundred or thousand, and what is wrong with them. */
export const manyRules: [string, Sketch[], string[]][] = [
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
];

const bucket = 'bucket-1';

/** A few rules of hard globs. */
export const hardRules: [string, Sketch[]][] = [
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
];
