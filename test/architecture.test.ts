import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const allFiles = readdirSync('src', { recursive: true })
  .map((name) => `src/${String(name).replaceAll('\\', '/')}`)
  .filter((name) => /\.tsx?$/.test(name));
const files = allFiles.filter((name) => name.endsWith('.ts'));

interface Import {
  from: string;
  to: string;
  isType: boolean;
  /** It is loaded only when a function comes to it. */
  isLazy: boolean;
}

const imports: Import[] = files.flatMap((from) => {
  const text = readFileSync(from, 'utf8');
  const found = text.matchAll(
    /(?:^(?:import|export)( type)? [^;]*?from |^import |\b(?:import|require)\()'([^']+)'/gm,
  );
  return [...found].map(([statement, type, name = '']) => ({
    from,
    to: name.startsWith('.') ? normalize(join(dirname(from), name)) : name,
    isType: type !== undefined,
    isLazy: /^(import|require)\(/.test(statement),
  }));
});

/** The names that a file takes from others, as `file#name`, or `file#*` where it takes all that there is. */
function importedNames(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const nameIn = (path: string, name: string) => `${normalize(join(dirname(file), path))}#${name}`;
  const byName = text.matchAll(/\{([^{}]*)\} from '(\.[^']+)'/g);
  const whole = text.matchAll(/(?:\* as \w+ from |\bimport\()'(\.[^']+)'/g);
  return [
    ...[...byName].flatMap(([, names = '', path = '']) =>
      names.split(',').map((name) => nameIn(path, /^\s*(?:type )?(\w*)/.exec(name)?.[1] ?? '')),
    ),
    ...[...whole].map(([, path = '']) => nameIn(path, '*')),
  ];
}

const layerOf = (file: string) => /^src\/([^/.]+)/.exec(file)?.[1] ?? '';

/** The parts that each part of the function may import beside itself, be it only a type. */
const functionParts: Record<string, readonly string[]> = {
  index: ['handler', 'settings', 'pipeline', 'rules', 'oss', 'credentials'],
  // It runs the bundle of the function, and imports nothing of it.
  loader: [],
  // The pipeline loads it where a rule asks for it.
  life: ['process', 'pipeline', 'oss', 'rules', 'events', 'json'],
  // The second entry, for custom runtimes: it reaches the first one, never the other way round.
  http: ['index'],
  handler: ['events', 'pipeline', 'rules', 'oss', 'credentials', 'settings', 'fc-context', 'log'],
  // The package exports it for web applications.
  'targets-of': ['events', 'pipeline', 'rules'],
  pipeline: ['life', 'events', 'rules', 'process', 'oss', 'log', 'json'],
  rules: ['events', 'json', 'base64url'],
  credentials: ['oss', 'json'],
  oss: ['json'],
  events: ['json'],
  settings: ['log'],
  'fc-context': ['json'],
  process: ['base64url'],
  base64url: [],
  log: [],
  json: [],
};

/** The tools and the local OSS may use all parts of the function, and of each other these. */
const toolParts: Record<string, readonly string[]> = {
  cli: [
    ...['backfill', 'orphans', 'objects', 'folder-lock', 'local', 'check', 'compile', 'style'],
    ...['did-you-mean', 'object-url', 'printable', 'text-file', 'xml'],
  ],
  backfill: ['objects', 'folder-lock', 'head-requests', 'object-url', 'text-file'],
  orphans: ['backfill', 'check', 'compile', 'first-index'],
  objects: ['xml'],
  'folder-lock': [],
  local: [
    'base64-text',
    'folder-lock',
    'check',
    'compile',
    'style',
    'did-you-mean',
    'first-index',
    'text-file',
    'xml',
  ],
  check: ['compile', 'style', 'did-you-mean', 'first-index', 'head-requests', 'printable'],
  compile: ['check', 'style', 'did-you-mean'],
  style: ['check', 'base64-text', 'did-you-mean'],
  'base64-text': [],
  'did-you-mean': [],
  'first-index': [],
  'head-requests': [],
  'object-url': [],
  printable: [],
  'text-file': [],
  xml: [],
};

function mayImport(user: string, used: string): boolean {
  if (user in functionParts) {
    return functionParts[user]?.includes(used) === true;
  }
  return used in functionParts || toolParts[user]?.includes(used) === true;
}

/** A file, and all that one comes to from it by some imports. */
function reachedBy(start: string, some: readonly Import[]): string[] {
  const reached = new Set([start]);
  for (const file of reached) {
    for (const { to } of some.filter(({ from }) => from === file)) {
      reached.add(to);
    }
  }
  return [...reached];
}

/** All files of src that a file loads, itself included; with types also those that it only takes types from. */
function reachedFrom(start: string, withTypes: boolean): { files: string[]; packages: string[] } {
  const all = reachedBy(
    start,
    imports.filter(({ to, isType }) => !isType || (withTypes && to.startsWith('src/'))),
  );
  return {
    files: all.filter((name) => name.startsWith('src/')),
    packages: all.filter((name) => !name.startsWith('src/') && !name.startsWith('node:')),
  };
}

/** The function, and the two that load it: within Function Compute's own runtime, and in a custom one. */
const entries = ['src/index.ts', 'src/loader.ts', 'src/http.ts'];

describe('the architecture', () => {
  it('the architecture has imports in one direction only', () => {
    const wrong = imports.filter(({ from, to }) => {
      const [user, used] = [layerOf(from), layerOf(to)];
      return to.startsWith('src/') && user !== used && !mayImport(user, used);
    });

    expect(wrong, 'functionParts and toolParts say what each part may import').toEqual([]);
    expect(imports.length).toBeGreaterThan(100);
  });

  it('the architecture gives every part of src a place in it', () => {
    const parts = { ...functionParts, ...toolParts };

    const homeless = files.filter((file) => parts[layerOf(file)] === undefined);
    expect(homeless, 'list the part in functionParts or toolParts').toEqual([]);
  });

  it('no file of the function reaches itself by way of others, not even for a type', () => {
    const own = files.filter((file) => layerOf(file) in functionParts);
    const eager = imports.filter(({ isLazy }) => !isLazy);
    const circles = own.filter((file) =>
      eager.filter(({ from }) => from === file).some(({ to }) => reachedBy(to, eager).includes(file)),
    );

    expect(circles).toEqual([]);
    expect(own.length).toBeGreaterThan(30);
  });

  it('the architecture keeps the network in oss, and undici there', () => {
    const network = /^(undici|node:(http|https|net|tls|http2|dgram))/;
    // The tools go through a person's proxy, of which the function knows nothing.
    const own = /^src\/((oss|local)\/|http\.ts|cli\/connection\.ts)/;
    const wrong = imports.filter(({ from, to, isType }) => !isType && network.test(to) && !own.test(from));

    expect(wrong).toEqual([]);
  });

  it('the architecture verifies signatures by no code of what signs', () => {
    const shared = imports.filter(
      ({ from, to }) => from.startsWith('src/local/oss/auth/') && to.startsWith('src/oss/'),
    );

    expect(shared).toEqual([]);
  });

  it('the architecture does no I/O in the pure parts', () => {
    const pure =
      /^src\/(style|check|compile\/compile|events|rules|process\.ts|pipeline\/(plan|ad-hoc|result|report)\.ts)/;
    const io = /^(node:(?!util|crypto|buffer|path)|undici|yaml|sharp|@alicloud)/;
    const wrong = imports.filter(({ from, to, isType }) => pure.test(from) && !isType && io.test(to));

    expect(wrong).toEqual([]);
  });

  it('the architecture lets the function reach no tool, not even for a type', () => {
    const { files: reached } = reachedFrom('src/index.ts', true);

    expect(reached.filter((file) => !(layerOf(file) in functionParts))).toEqual([]);
    expect(reached.length).toBeGreaterThan(25);
  });

  it('the architecture lets the function load what follows a save only where a rule asks for it', () => {
    const loads = imports.filter(
      ({ from, to, isType }) =>
        to.startsWith('src/life/') && !isType && layerOf(from) !== 'life' && layerOf(from) in functionParts,
    );

    expect(loads.filter(({ isLazy }) => !isLazy)).toEqual([]);
    expect(loads.length).toBeGreaterThan(0);
  });

  it('the architecture lets the function load no package but undici and, lazily, the credentials', () => {
    const packages = new Set(entries.flatMap((entry) => reachedFrom(entry, false).packages));

    const undici = ['core/connect.js', 'dispatcher/agent.js', 'dispatcher/dispatcher.js'];
    expect([...packages].sort()).toEqual([
      '@alicloud/credentials',
      ...undici.map((file) => `undici/lib/${file}`),
    ]);
    expect(imports.filter(({ to, isLazy }) => to === '@alicloud/credentials' && !isLazy)).toEqual([]);
  });

  it('the architecture lets the function read files at its entries alone', () => {
    const reached = new Set(entries.flatMap((entry) => reachedFrom(entry, false).files));
    const readers = imports.filter(({ from, to }) => reached.has(from) && /^(node:)?fs\b/.test(to));

    expect(readers.map(({ from }) => from).sort()).toEqual(['src/index.ts', 'src/loader.ts']);
  });

  it('the architecture starts the command line without the libraries that only some commands need', () => {
    const eager = imports.filter(({ isType, isLazy }) => !isType && !isLazy);
    const reached = reachedBy('src/cli/main.ts', eager);

    const packages = reached.filter((name) => !/^(src\/|node:|package\.json$)/.test(name));
    expect(packages.sort()).toEqual(['fastest-levenshtein', 'string-width']);
  });

  it('the architecture exports only what another file uses', () => {
    // The package, the bundles and the compiling script take these in.
    const entries = /^src\/(index|loader|targets-of|compile\/bundle)\.ts$/;
    const tests = readdirSync('test', { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => `test/${name}`);
    const used = new Set([...allFiles, ...tests].flatMap(importedNames));
    const pattern = /^export (?:async )?(?:class|const|function\*?|interface|type) (\w+)/gm;

    const exported = allFiles
      .filter((file) => !entries.test(file) && !used.has(`${file}#*`))
      .flatMap((file) =>
        [...readFileSync(file, 'utf8').matchAll(pattern)].map(([, name]) => `${file}#${name}`),
      );
    expect(
      exported.filter((name) => !used.has(name)),
      'take `export` away',
    ).toEqual([]);
    expect(exported.length).toBeGreaterThan(500);
  });

  it.each([
    ['types or components', /^(?:export )?(?:interface|type|class|function|const) ([A-Z]\w+)/gm],
    ['exported functions', /^export (?:async )?function\*? (\w+)/gm],
  ])('the architecture gives no name to two %s', (_, pattern) => {
    const declared = allFiles.flatMap((file) => {
      const found = readFileSync(file, 'utf8').matchAll(pattern);
      return [...found].map(([, name = '']) => ({ name, file }));
    });

    const twice = declared.filter(
      ({ name, file }) => declared.find((other) => other.name === name)?.file !== file,
    );
    expect(twice, 'give the second one a name of its own').toEqual([]);
    expect(declared.length).toBeGreaterThan(300);
  });

  it('the architecture reads the environment at the entry points alone', () => {
    const readers = files.filter((file) =>
      /process\.env|\benv\b.*from 'node:process'/.test(readFileSync(file, 'utf8')),
    );

    expect(readers.sort()).toEqual([
      'src/cli/bin.ts',
      'src/http.ts',
      'src/index.ts',
      'src/local/fc/instance.ts',
    ]);
  });
});
