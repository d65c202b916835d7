/** A part of the source and the most lines of TypeScript it may have, comments and blank lines counted. */
export interface Part {
  name: string;
  /** A path that ends with a slash holds everything below it. */
  paths: readonly string[];
  lines: number;
}

export interface Program {
  name: string;
  lines: number;
  parts: readonly Part[];
}

/** The programs with their folders, in the order in which data flows. */
export const programs: readonly Program[] = [
  {
    name: 'the function',
    lines: 2_450,
    parts: [
      {
        name: 'entry',
        paths: [
          'index.ts',
          'handler.ts',
          'settings.ts',
          'fc-context.ts',
          'log.ts',
          'json.ts',
          'base64url.ts',
        ],
        lines: 300,
      },
      // It stands before the entry, for a code cache.
      { name: 'loader', paths: ['loader.ts'], lines: 60 },
      // The second entry, for custom runtimes.
      { name: 'http', paths: ['http.ts'], lines: 70 },
      { name: 'events', paths: ['events/'], lines: 260 },
      { name: 'rules', paths: ['rules/'], lines: 260 },
      { name: 'process', paths: ['process.ts', 'process/'], lines: 40 },
      { name: 'pipeline', paths: ['pipeline/'], lines: 540 },
      { name: 'oss', paths: ['oss/'], lines: 1_000 },
      { name: 'credentials', paths: ['credentials/'], lines: 70 },
    ],
  },
  {
    name: 'what may follow a save',
    lines: 350,
    parts: [{ name: 'life', paths: ['life/'], lines: 350 }],
  },
  {
    name: 'the tools',
    lines: 2_700,
    parts: [
      { name: 'compile', paths: ['compile/'], lines: 520 },
      { name: 'check', paths: ['check/', 'first-index.ts'], lines: 600 },
      { name: 'style', paths: ['style/'], lines: 420 },
      { name: 'objects', paths: ['objects/'], lines: 140 },
      {
        name: 'cli',
        paths: [
          'cli/',
          'base64-text.ts',
          'did-you-mean.ts',
          'object-url.ts',
          'printable.ts',
          'text-file.ts',
          'xml.ts',
        ],
        lines: 1_150,
      },
    ],
  },
  {
    name: 'the library',
    lines: 70,
    parts: [{ name: 'targets-of', paths: ['targets-of.ts'], lines: 70 }],
  },
  {
    name: "a project of one's own",
    lines: 350,
    parts: [{ name: 'init, cost', paths: ['cli/init.ts', 'cli/init-files.ts', 'cli/cost.ts'], lines: 350 }],
  },
  {
    name: 'import',
    lines: 350,
    parts: [
      {
        name: 'import',
        paths: ['cli/import.ts', 'cli/import-firebase.ts', 'cli/import-lambda.ts', 'cli/import-rules.ts'],
        lines: 350,
      },
    ],
  },
  {
    name: 'backfill',
    lines: 900,
    parts: [
      {
        name: 'backfill',
        paths: [
          ...['backfill/', 'cli/backfill.ts', 'cli/backfill-job.ts', 'cli/backfill-report.ts'],
          ...['cli/backfill-run.ts', 'head-requests.ts'],
        ],
        lines: 900,
      },
    ],
  },
  {
    name: 'orphans',
    lines: 620,
    parts: [
      {
        name: 'orphans',
        paths: ['orphans/', 'cli/orphans.ts', 'cli/orphans-search.ts'],
        lines: 620,
      },
    ],
  },
  {
    name: 'the local OSS',
    lines: 5_800,
    parts: [
      { name: 'local/oss', paths: ['local/oss/'], lines: 3_500 },
      { name: 'local/image', paths: ['local/image/'], lines: 1_450 },
      {
        name: 'local/fc',
        paths: [
          'local/fc/',
          'folder-lock.ts',
          'local/stack.ts',
          'local/stack-events.ts',
          'local/data-folder.ts',
          'local/pictures.ts',
        ],
        lines: 800,
      },
    ],
  },
  {
    name: 'the page',
    lines: 4_600,
    parts: [
      { name: 'page/client', paths: ['local/page/client/'], lines: 3_500 },
      { name: 'page/server', paths: ['local/page/server/', 'local/page/wire.ts'], lines: 1_200 },
    ],
  },
];

export const shape = { medianFunctionLines: 10, longestFunctionLines: 60, longestFileLines: 300 };
