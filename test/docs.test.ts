import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isCommand, loaders, summaries } from '../src/cli/commands.ts';

const pages = readdirSync('docs').filter((name) => name.endsWith('.md'));

/** Pages with their Chinese counterparts. */
const translations = [
  ['README.md', 'README.zh.md'],
  ['docs/rules.md', 'docs/zh/rules.md'],
  ['docs/deploy.md', 'docs/zh/deploy.md'],
] as const;

const documents = [
  'README.md',
  'CHANGELOG.md',
  'src/local/BEHAVIOURS.md',
  'test/bench/README.md',
  ...pages.map((name) => `docs/${name}`),
  ...translations.map(([, chinese]) => chinese),
  ...readdirSync('.github')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `.github/${name}`),
];

it('links and pictures of packed documents lead to what is packed, too', () => {
  const [{ files }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' }),
  );
  const packed: string[] = files.map(({ path }: { path: string }) => path);
  const pages = packed.filter((path) => path.endsWith('.md'));
  const lost = pages.flatMap((page) =>
    linksOf(readFileSync(page, 'utf8'))
      .map((link) => normalize(join(dirname(page), link)))
      .filter((path) => !packed.includes(path))
      .map((path) => `${page}: ${path}`),
  );

  expect(pages).toEqual(expect.arrayContaining(['README.md', 'README.zh.md', 'docs/zh/rules.md']));
  expect(lost).toEqual([]);
}, 30_000);

/** The files that a document links, and its pictures, as it names them; addresses on the web are left out. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
}

describe.each(documents)('%s', (document) => {
  const text = readFileSync(document, 'utf8');

  it('a page links and names only files that exist', () => {
    const linked = linksOf(text).map((path) => normalize(join(dirname(document), path)));
    const named = [...text.matchAll(/`((?:src|test|\.github|\.ci)\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    );

    expect([...linked, ...named].filter((path) => !existsSync(path))).toEqual([]);
  });

  it('a page calls only commands and options that oss-saveas has', async () => {
    const called = [...text.matchAll(/\bnpx oss-saveas ([a-z]+)([^`\n|]*)/g)];

    const unknown = called.map(async ([call, name = '', rest = '']) => {
      const command = isCommand(name) ? await loaders[name]() : undefined;
      const options = [...rest.matchAll(/ --([a-z-]+)/g)].map(([, option = '']) => option);
      const hasAll = options.every((option) => option === 'help' || option in (command?.options ?? {}));
      return (command !== undefined && hasAll) || name === 'help' ? [] : [call];
    });
    expect((await Promise.all(unknown)).flat()).toEqual([]);
  });

  it('a page links only to headings that are there', () => {
    const linked = [...text.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)].filter(
      ([, path = '', anchor]) => {
        const file = path === '' ? document : normalize(join(dirname(document), path));
        const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
          title
            .toLowerCase()
            .replace(/[^\p{L}\p{N}_ -]/gu, '')
            .replaceAll(' ', '-'),
        );
        return !headings.includes(anchor ?? '');
      },
    );

    expect(linked.map(([link]) => link)).toEqual([]);
  });

  it('a page names only commands that package.json or that of a new project has', () => {
    const files = ['package.json', 'src/deploy/project/en/src/package.json'];
    const scripts = Object.assign({}, ...files.map((file) => JSON.parse(readFileSync(file, 'utf8')).scripts));
    const named = [...text.matchAll(/\bnpm run (?:--?\w+ )*([\w:-]+)/g)].map(([, name = '']) => name);

    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

it('the README gives a reason for every dependency, and each has one version', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
    readFileSync('package.json', 'utf8'),
  );
  const readme = readFileSync('README.md', 'utf8');
  const all: Record<string, string> = { ...dependencies, ...devDependencies, ...optionalDependencies };
  // A family such as @codemirror is named by its scope.
  const isNamed = (name: string) =>
    readme.includes(`\`${name}\``) || readme.includes(`\`${name.split('/')[0]}/…\``);

  expect(Object.keys(all).filter((name) => !isNamed(name))).toEqual([]);
  expect(Object.values(all).filter((version) => !/^\d+(\.\d+)+$/.test(version))).toEqual([]);
});

it('the source tree in docs/design.md begins a line with each folder of src', () => {
  const tree = readFileSync('docs/design.md', 'utf8');
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());

  expect(folders.filter(({ name }) => !tree.includes(`\n  ${name}/ `)).map(({ name }) => name)).toEqual([]);
});

describe('the invariants', () => {
  it('the invariants are ten, each held by tests of the name that is given', () => {
    const rows = readFileSync('.github/INVARIANTS.md', 'utf8')
      .split('\n')
      .filter((line) => /^\| \d+ \|/.test(line));
    const tests = rows.map((row) => [...row.matchAll(/`(test\/[^`]+)`: ([^;|]+?)(?=;| \|)/g)]);

    expect(rows).toHaveLength(10);
    for (const held of tests) {
      expect(held.length).toBeGreaterThan(0);
      for (const [, file = '', title = ''] of held) {
        const text = readFileSync(file, 'utf8');
        // A title is a first argument; a comment is none, and no test of the file is left out.
        expect([...text.matchAll(/\(\s*(["'])(.*?)\1,/g)].map(([, , argument]) => argument)).toContain(title);
        expect(text).not.toMatch(/\b(it|describe)\.(skip|todo|skipIf)\b/);
      }
    }
  });
});

it('every command of oss-saveas has its row in the table of commands, and every page its link in the README', () => {
  const table = readFileSync('docs/commands.md', 'utf8');
  const readme = readFileSync('README.md', 'utf8');

  expect(
    Object.keys(summaries).filter((name) => !table.includes(`\`${name}`)),
    'rows of docs/commands.md',
  ).toEqual([]);
  expect(
    pages.filter((page) => !readme.includes(`](docs/${page})`)),
    'links in README.md',
  ).toEqual([]);
});

it.each(translations)('%s and %s have the same headings, code blocks and commands', (english, chinese) => {
  const [first, second] = [english, chinese].map((file) => {
    const text = readFileSync(file, 'utf8');
    return {
      headings: [...text.matchAll(/^#+ /gm)].map(([level]) => level),
      // Comments are translated.
      blocks: [...text.matchAll(/^```.*?^```$/gms)].map(([block]) => block.replace(/ +# .*$/gm, '')),
      commands: [...text.matchAll(/`((?:npm|npx|oss-saveas) [^`\n]+)`/g)].map(([, command]) => command),
      names: new Set([...text.matchAll(/`([^`\n]+)`/g)].map(([, name]) => name)),
    };
  });

  expect(second).toEqual(first);
});
