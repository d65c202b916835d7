import { readdirSync, readFileSync } from 'node:fs';

export const documents = [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Changes to a command before it is run: a free port, an answer that a terminal would ask for, a placeholder, what comes before. */
export const changes: Record<string, string> = {
  'npm start': 'npm start -- --port 0',
  'npm start -- --port 9001 --data /tmp/oss --rules my-rules.yaml':
    'npm start -- --port 0 --data oss --rules my-rules.yaml',
  'npm start -- --simulate-tasks': 'npm start -- --simulate-tasks --port 0 --data simulated',
  'npx oss-saveas local --port 9001': 'npx oss-saveas local --port 0',
  'npx oss-saveas local --data other-folder': 'npx oss-saveas local --data other-folder --port 0',
  'npx oss-saveas init .': 'npx oss-saveas init . --yes',
  'npx oss-saveas backfill --only-missing': 'npx oss-saveas backfill --only-missing --bucket my-photos',
  'npx oss-saveas doctor': 'npx s deploy && npx oss-saveas doctor',
  'npx oss-saveas run': 'npx oss-saveas run oss://my-photos/uploads/a.jpg',
  'npx oss-saveas backfill': 'npx oss-saveas backfill --bucket my-photos',
  'npx oss-saveas run --event FILE': 'npx oss-saveas run --event letter.json',
  'npx oss-saveas backfill --via function --inventory oss://reports/photos/all/2026-11-01T16-00Z/manifest.json':
    'npx oss-saveas backfill --via function --inventory oss://reports/photos/all/2026-11-01T16-00Z/manifest.json --yes',
  'npx oss-saveas backfill --via function --inventory … --stop':
    'npx oss-saveas backfill --via function --inventory oss://reports/photos/all/2026-11-01T16-00Z/manifest.json --stop',
  'npx oss-saveas init': 'npx oss-saveas init made --yes',
  'npx s remove': 'npx s remove -y',
  'npm run conformance -- --report out.md': 'npm run conformance -- --report out.md --yes',
  'npm run conformance -- --report runtime.md --function oss-saveas-probe':
    'npm run conformance -- --report runtime.md --yes',
};

/** Commands that another test runs, or that run the tests. */
export const elsewhere: Record<string, string> = {
  'npm ci': '.ci/run',
  'npm test': '.ci/run',
  'npm pack': 'test/e2e/installed-package.ts',
  'npm install': 'test/e2e/package.test.ts',
  'npm install oss-saveas': 'test/e2e/package.test.ts',
  'npm install oss-saveas@latest': 'test/e2e/package.test.ts',
  'npm install sharp': 'test/e2e/package.test.ts',
  'npm run bench': 'test/bench/bench.test.ts',
  'npm run burst': 'test/faults/burst.test.ts',
  'npm run chaos': 'test/faults/chaos.test.ts',
  'npm run code-cache': 'test/e2e/package.test.ts',
  'npm run conformance': 'test/conformance/run.test.ts',
  'npm run lines': 'test/lines/measure.test.ts',
  'npm run large': 'test/faults/large-events.test.ts',
  'npm run matrix': 'test/faults/matrix.test.ts',
  'npm run simulate:backfill': 'test/backfill/simulate.test.ts',
  'npm run soak:backfill': 'test/backfill/soak.test.ts',
  'npx vitest run test/local/image/documented-cases.test.ts': 'test/local/image/documented-cases.test.ts',
  'npx s init oss-saveas --uri template -d my-project': 'test/deploy/init.test.ts',
};

/** Commands of a document: those of its shell blocks, in order, and those that its text names with arguments. */
export function commandsOf(document: string): { blocks: string[]; named: string[] } {
  const text = readFileSync(document, 'utf8');
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
  const named = [...text.matchAll(/`((?:npm|npx oss-saveas|npx s|npx vitest) [^`\n…]+)`/g)].map(
    ([, command = '']) => command,
  );
  return { blocks: splitLines(blocks), named: splitLines(named) };
}

function splitLines(texts: readonly string[]): string[] {
  const lines = texts.flatMap((text) => text.split('\n'));
  return lines
    .flatMap((line) => line.replace(/ +# .*$/, '').split(' && '))
    .map((command) => command.trim())
    .filter((command) => command !== '');
}

/** Exit codes other than 0: rules from elsewhere do not agree with s.yaml yet, and there is no role to be compared with. */
export const exitCodes: Record<string, number> = {
  'docs/import.md: npx oss-saveas check': 1,
  'docs/removal.md: npx oss-saveas generate policy --check': 1,
};

/** Pages whose blocks are run as they are by test/deploy/chapter.test.ts. */
const chapter = ['docs/deploy.md', 'docs/uninstall.md'];

/** The commands of the documents that are run here, each named one below the first document that has it. */
export function commandsToRun(): { document: string; commands: string[] }[] {
  const ofChapter = chapter.flatMap((document) => commandsOf(document).blocks);
  const known = new Set([
    ...Object.keys(elsewhere),
    ...ofChapter,
    ...shownOutputs.map(({ command }) => command),
  ]);
  const all = documents.map((document) => {
    const { blocks, named } = commandsOf(document);
    const inOrder = chapter.includes(document) ? [] : blocks.filter((command) => !(command in elsewhere));
    const commands = [...inOrder, ...named.filter((command) => !known.has(command))];
    for (const command of commands) {
      known.add(command);
    }
    return { document, commands: [...new Set(commands)] };
  });
  return all.filter(({ commands }) => commands.length > 0);
}

const misspelt = `rules:
  - name: thumbnail
    match: { key: "uploads/**/*.jpg" }
    outputs:
      - style: image/resize,w_320
        target:
          key: "derived/{nmae}.webp"
`;

const looping = `rules:
  - name: thumbnail
    match: { key: "uploads/**/*.jpg" }
    outputs:
      - style: image/resize,w_320
        target: { key: "{dir}/{name}-320.jpg" }
`;

/** Outputs that documents show: the block that begins with `start` is what `command` prints, with other rules where some are given. */
export const shownOutputs: readonly { document: string; start: string; command: string; rules?: string }[] = [
  {
    document: 'README.md',
    start: 'error rules.yaml:7:25',
    command: 'npx oss-saveas check',
    rules: misspelt,
  },
  {
    document: 'docs/rules.md',
    start: '$ npx oss-saveas check',
    command: 'npx oss-saveas check',
    rules: looping,
  },
  {
    document: 'docs/rules.md',
    start: '$ npx oss-saveas explain uploads/a.png',
    command: 'npx oss-saveas explain uploads/a.png',
  },
  {
    document: 'docs/cost.md',
    start: 'for a month',
    command: 'npx oss-saveas cost --uploads 1000000 --size 2MB --outputs 2',
  },
  { document: 'docs/local-oss.md', start: '             target', command: 'npm run demo' },
];

/** The lines of a document's block that begins so, without the command itself. */
export function shownLines(document: string, start: string): string[] {
  const blocks = readFileSync(document, 'utf8').matchAll(/^```(\w*)\n(.*?)^```/gms);
  const [, , block = ''] =
    [...blocks].find(([, language, text]) => language === '' && text?.startsWith(start)) ?? [];
  return comparable(block.split('\n').filter((line) => !line.startsWith('$ ')));
}

/** Lines without what differs between machines, which are sizes in bytes and times; … stands for lines that are left out. */
export function comparable(lines: readonly string[]): string[] {
  const kept = lines.map((line) => line.replace(/ +([\d,]+ +\d+ ms|bytes +time)$/, '').trimEnd());
  return kept.filter((line) => line !== '' && line !== '…');
}
