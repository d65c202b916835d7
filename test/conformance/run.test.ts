/* `npm run conformance` as a person with an account runs it, whose account is a local OSS here. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { processImage } from '../../src/local/image/process-image.ts';
import { type Route, sendJson } from '../../src/local/oss/http/routes.ts';
import { startOss, temporaryDir } from '../local/oss/running-oss.ts';
import { questions } from './questions.ts';
import { rowsOfSuite } from './report.ts';
import { maxRequests } from './run.ts';

const secret = 'local-secret';
const program = `build/conformance-test-${process.pid}.js`; // Below the project, so that it finds the project's packages.

beforeAll(async () => {
  const options = ['--bundle', '--platform=node', '--target=node20', '--format=esm', '--packages=external'];
  await promisify(execFile)('node_modules/.bin/esbuild', [
    'test/conformance/main.ts',
    ...options,
    `--outfile=${program}`,
    '--log-level=warning',
  ]);
});

afterAll(() => rm(program, { force: true }));

/** A local OSS in place of an account, whose requests are counted; `answer` comes before OSS does. */
async function startAccount(answer: Route = () => undefined) {
  const requests: IncomingMessage[] = [];
  const count: Route = (message, response) => {
    requests.push(message);
    return answer(message, response);
  };
  const oss = await startOss({ buckets: ['my-photos'], processImage, routes: [count] });
  const url = `http://127.0.0.1:${oss.port}`;
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'))),
    OSS_TEST_REGION: 'cn-hangzhou',
    OSS_TEST_BUCKET: 'my-photos',
    OSS_TEST_ACCESS_KEY_ID: 'local',
    OSS_TEST_ACCESS_KEY_SECRET: secret,
    OSS_TEST_ENDPOINT: url,
    OSS_TEST_FC_ENDPOINT: url,
    OSS_TEST_PREFIX: 'oss-saveas-conformance/',
  };
  const start = (...args: string[]) => run(process.execPath, program, ...args);
  const startTests = () =>
    run(process.execPath, 'node_modules/vitest/vitest.mjs', 'run', 'test/conformance/oss.test.ts');
  const startAtTerminal = () => run('script', '-qec', `${process.execPath} ${program}`, '/dev/null');
  function run(file: string, ...args: string[]) {
    const child = spawn(file, args, { env });
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (output += chunk));
    }
    const ended = once(child, 'close').then(([exitCode]) => exitCode);
    return { child, ended, output: () => output };
  }
  const keys = async () => {
    const { text } = await oss.call({ method: 'GET', bucket: 'my-photos', query: { 'list-type': '2' } });
    return [...text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key);
  };
  await oss.call({ method: 'PUT', bucket: 'my-photos', key: 'own.txt', body: 'of the user' });
  requests.length = 0;
  return { ...oss, requests, start, startTests, startAtTerminal, keys };
}

/** An account with the probe and an event rule answers InvokeFunction by the probe itself, and with the rule's header. */
const withProbeAndEventRule: Route = (message, response) => {
  if (['PUT', 'POST'].includes(message.method ?? '')) {
    response.setHeader('x-oss-event-status', Buffer.from('{"Result":"Ok"}').toString('base64'));
  }
  if (message.url !== '/2023-03-30/functions/oss-saveas-probe/invocations') {
    return undefined;
  }
  const { handler } = createRequire(import.meta.url)('./probe/index.js');
  return handler().then((answer: object) => sendJson(response, 200, answer));
};

describe('a conformance run', () => {
  it('a conformance run answers the questions as Markdown, says which rows are verified, and leaves nothing', async () => {
    const account = await startAccount(withProbeAndEventRule);
    const file = join(await temporaryDir(), 'out.md');

    const { ended, output } = account.start('--yes', '--report', file, '--function', 'oss-saveas-probe');

    expect([await ended, output()]).toEqual([0, expect.stringContaining('What went wrong')]);
    const report = await readFile(file, 'utf8');
    expect(report.match(/^\| \d+ .* \|$/gm)).toHaveLength(questions.length);
    expect(report).toContain(
      '| 3 Are {bucket}, {index} and {autoext} in the target key expanded? | no | no |\n',
    );
    expect(report).toContain('| 1 Does a save-as raise ObjectCreated:PutObject? | yes | yes |\n');
    expect(report).toContain(`| 14 Which Node.js is nodejs20? | ${process.version} | v20.10.0 |`);
    expect(report).toMatch(/ 0 of them failed:\n\nnone\n/);
    expect(report).toContain('- "DELETE: always 204 …": all of it\n');
    expect(report).toContain('- "`limit_1` with fill …": question 12 ');
    expect(report).toMatch(/What went wrong, and what is left:\n\nnone\n$/);
    expect(await account.keys()).toEqual(['own.txt']);
    expect(account.requests.length).toBeLessThanOrEqual(maxRequests);
    expect(output() + report).not.toContain(secret);
  });

  it.each([
    ['--help', 0],
    ['--reprot', 2],
  ])(
    'a conformance run that is started with %s says how it is called, and asks nothing',
    async (option, code) => {
      const account = await startAccount();

      const { ended, output } = account.start(option);

      expect([await ended, output()]).toEqual([
        code,
        expect.stringContaining('Usage: npm run conformance -- [--report out.md]'),
      ]);
      expect(account.requests).toEqual([]);
    },
  );

  it('a conformance run goes on after a refusal, names what it could not remove, and ends with 1', async () => {
    const account = await startAccount();
    const rules = [
      { fault: 'AccessDenied', operation: 'DeleteObject', key: '**/a.jpg' },
      { fault: 'InternalError', operation: 'ProcessObject' },
    ];
    const faults = JSON.stringify({ rules });
    await fetch(`http://127.0.0.1:${account.port}/-/faults`, { method: 'PUT', body: faults });

    const { ended, output } = account.start('--yes');

    expect([await ended, output()]).toEqual([1, expect.stringContaining('500 InternalError')]);
    const [left] = (await account.keys()).filter((key) => key !== 'own.txt');
    expect(left).toMatch(/^oss-saveas-conformance\/.*\/a\.jpg$/);
    expect(output()).toContain(`could not delete what it made; please do:\n  oss://my-photos/${left}`);
  });

  it.each([
    ['a question', 60],
    ['the suite', 150],
  ])(
    'a conformance run removes what it made when the person presses Ctrl-C during %s',
    async (_, requests) => {
      const account = await startAccount();
      const { child, ended, output } = account.start('--yes');
      await expect.poll(() => account.requests.length, { timeout: 30_000 }).toBeGreaterThan(requests);

      child.kill('SIGINT');

      expect(await ended).toBe(130);
      expect(await account.keys()).toEqual(['own.txt']);
      expect(output()).toContain('it was ended before all was asked');
    },
  );

  it.runIf(process.platform === 'linux').each([
    ['n', 'n\r', 2],
    ['Ctrl-C', '\u0003', 130],
  ])(
    'a conformance run makes nothing where the person answers its question by %s',
    async (_, answer, expected) => {
      const account = await startAccount();
      const { child, ended, output } = account.startAtTerminal();
      await expect.poll(output).toContain('Continue? [y/N]');

      child.stdin.write(answer);

      expect([await ended, output()]).toEqual([expected, expect.stringContaining('Nothing was done.')]);
      expect(account.requests).toEqual([]);
    },
  );

  it('a conformance run makes nothing before it is told to, and overwrites no report', async () => {
    const account = await startAccount();
    const file = join(await temporaryDir(), 'mine.md');
    await writeFile(file, 'mine');

    const unasked = account.start();
    const overwriting = account.start('--yes', '--report', file);

    expect([await unasked.ended, await overwriting.ended]).toEqual([2, 2]);
    expect(unasked.output()).toMatch(/^This will, at http:.*Nobody is there to ask: --yes goes on\.\n$/s);
    expect(overwriting.output()).toContain('mine.md is there already');
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect(account.requests).toEqual([]);
  });
});

it('the tests of a conformance run leave an account alone where another command runs them, whatever is exported', async () => {
  const account = await startAccount();

  const { ended, output } = account.startTests();

  expect([await ended, output()]).toEqual([0, expect.stringContaining('test/conformance/oss.test.ts')]);
  expect(account.requests).toEqual([]);
});

it('every row that a conformance run judges is in BEHAVIOURS.md', async () => {
  const behaviours = await readFile('src/local/BEHAVIOURS.md', 'utf8');
  const rows = [...questions.flatMap(({ row = [] }) => row), ...rowsOfSuite.map(({ row }) => row)];

  expect(rows.filter((row) => !behaviours.includes(`\n| ${row}`))).toEqual([]);
});
