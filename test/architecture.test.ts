import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const files = readdirSync('src', { recursive: true })
  .map((name) => `src/${String(name).replaceAll('\\', '/')}`)
  .filter((name) => name.endsWith('.ts'));

interface Import {
  from: string;
  to: string;
  isType: boolean;
}

const imports: Import[] = files.flatMap((from) => {
  const text = readFileSync(from, 'utf8');
  const found = text.matchAll(/(?:^(?:import|export)( type)? [^;]*?from |\bimport\()'([^']+)'/gm);
  return [...found].map(([, type, name = '']) => ({
    from,
    to: name.startsWith('.') ? normalize(join(dirname(from), name)) : name,
    isType: type !== undefined,
  }));
});

const layerOf = (file: string) => /^src\/([^/.]+)/.exec(file)?.[1] ?? '';

/** What each part of src/ may import, beside itself. Types may come from anywhere below. */
const allowed: Record<string, readonly string[]> = {
  index: ['handler', 'settings', 'oss', 'credentials'],
  handler: ['events', 'pipeline', 'rules', 'oss', 'credentials', 'settings', 'fc-context', 'log'],
  cli: [
    'local',
    'compile',
    'check',
    'handler',
    'settings',
    'events',
    'pipeline',
    'rules',
    'style',
    'process',
    'oss',
    'credentials',
    'log',
    'json',
    'did-you-mean',
  ],
  local: ['compile', 'events', 'rules', 'style', 'oss', 'log', 'json'],
  compile: ['check', 'rules', 'did-you-mean'],
  check: ['compile', 'style', 'events', 'pipeline', 'rules', 'json', 'did-you-mean'],
  pipeline: ['events', 'rules', 'process', 'oss', 'log'],
  rules: ['style', 'events', 'did-you-mean', 'json'],
  process: ['style'],
  credentials: ['oss', 'json'],
  settings: ['log'],
  events: ['json'],
  style: ['check', 'did-you-mean'],
  oss: ['json'],
  log: [],
  'fc-context': ['json'],
  json: [],
  'did-you-mean': [],
};

describe('the architecture', () => {
  it('has imports in one direction only', () => {
    const wrong = imports.filter(({ from, to }) => {
      const [user, used] = [layerOf(from), layerOf(to)];
      return to.startsWith('src/') && user !== used && !allowed[user]?.includes(used);
    });

    expect(wrong).toEqual([]);
    expect(imports.length).toBeGreaterThan(100);
  });

  it('gives every part of src a place in it', () => {
    expect(files.map(layerOf).filter((layer) => allowed[layer] === undefined)).toEqual([]);
  });

  it('keeps the network in oss, and undici there', () => {
    const network = /^(undici|node:(http|https|net|tls|http2|dgram))/;
    const wrong = imports.filter(
      ({ from, to, isType }) => !isType && network.test(to) && !/^src\/(oss|local)\//.test(from),
    );

    expect(wrong).toEqual([]);
  });

  it('does no I/O in the pure parts', () => {
    const pure = /^src\/(style|process|events|pipeline|rules\/(?!load|read|compile))/;
    const io = /^(node:(?!util|crypto|buffer)|undici|yaml|sharp|@alicloud)/;
    const wrong = imports.filter(({ from, to, isType }) => pure.test(from) && !isType && io.test(to));

    expect(wrong).toEqual([]);
  });

  it('lets the function reach neither tools nor packages but undici and, lazily, the credentials', () => {
    const reached = new Set(['src/index.ts']);
    for (const file of reached) {
      for (const { to } of imports.filter(({ from, isType }) => from === file && !isType)) {
        reached.add(to);
      }
    }
    const foreign = [...reached].filter((name) => !name.startsWith('src/') && !name.startsWith('node:'));

    expect(
      [...reached].filter((name) => /^src\/(compile|check|cli|local|style\/(check|catalog))/.test(name)),
    ).toEqual([]);
    expect(foreign.filter((name) => !name.startsWith('undici/') && name !== '@alicloud/credentials')).toEqual(
      [],
    );
  });

  it('reads the environment at the entry points alone', () => {
    const readers = files.filter((file) =>
      /process\.env|\benv\b.*from 'node:process'/.test(readFileSync(file, 'utf8')),
    );

    expect(readers.sort()).toEqual(['src/cli/bin.ts', 'src/index.ts', 'src/local/fc/instance.ts']);
  });
});
