/* The commands as processes: what they read where they run, and what ends them. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildProject } from './built-project.ts';

let project: Awaited<ReturnType<typeof buildProject>>;
beforeAll(async () => {
  project = await buildProject();
});
afterAll(() => project.remove());

async function emptyFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'oss-saveas-process-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs one command line as a process of its own in a folder. */
async function run(dir: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const child = spawn(process.execPath, [resolve(project.dir, 'build/cli.js'), ...args], { cwd: dir, env });
  const written = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (written.out += chunk));
  child.stderr.on('data', (chunk) => (written.err += chunk));
  const exitCode = await new Promise<number | null>((end) => child.once('close', end));
  return { exitCode, ...written };
}

/** An OSS that answers nothing but 403; `sent` holds the access key and token of each request. */
async function startRefusingOss(): Promise<{ endpoint: string; sent: string[] }> {
  const sent: string[] = [];
  const server = createServer(({ headers }, response) => {
    sent.push(
      `${/Credential=([^/]*)/.exec(headers.authorization ?? '')?.[1]} ${headers['x-oss-security-token']}`,
    );
    response.writeHead(403).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  return { endpoint, sent };
}

describe('the .env of the folder', () => {
  it('the .env of the folder is taken where it is UTF-8, its byte order mark or none', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, '.env'), '\ufeffOSS_REGION=cn-beijing\r\n');

    expect((await run(dir, ['cost'])).out).toContain('in cn-beijing');
  });

  it('a variable that the .env of the folder leaves empty is none', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, '.env'), 'OSS_BUCKET=\n');
    await writeFile(
      join(dir, 'rules.yaml'),
      'rules: [{ name: a, match: { key: "in/*" }, outputs: [{ style: image/info, target: { key: "out/{key}" } }] }]',
    );

    const { exitCode, out, err } = await run(dir, ['generate', 'policy']);

    expect([exitCode, out, err]).toEqual([2, '', expect.stringContaining('set OSS_BUCKET or --bucket')]);
  });

  it('the .env of the folder adds no token of its own to an access key of the environment', async () => {
    const dir = await emptyFolder();
    await writeFile(
      join(dir, '.env'),
      'OSS_ACCESS_KEY_ID=STS.b\nOSS_ACCESS_KEY_SECRET=b\nOSS_SESSION_TOKEN=token\n',
    );
    const { endpoint, sent } = await startRefusingOss();
    const ls = ['ls', 'oss://photos/', '--region', 'cn-hangzhou', '--endpoint', endpoint];

    await run(dir, ls, { PATH: process.env.PATH });
    await run(dir, ls, { PATH: process.env.PATH, OSS_ACCESS_KEY_ID: 'a', OSS_ACCESS_KEY_SECRET: 'a' });

    expect(sent).toEqual(['STS.b token', 'a undefined']);
  });

  it.each([[{ OSS_SESSION_TOKEN: 'left over' }], [{ OSS_ACCESS_KEY_ID: 'left over' }]])(
    'the .env of the folder holds for its access key alone where the environment has %j',
    async (rest) => {
      const dir = await emptyFolder();
      await writeFile(join(dir, '.env'), 'OSS_ACCESS_KEY_ID=b\nOSS_ACCESS_KEY_SECRET=b\n');
      const { endpoint, sent } = await startRefusingOss();
      const ls = ['ls', 'oss://photos/', '--region', 'cn-hangzhou', '--endpoint', endpoint];

      await run(dir, ls, { PATH: process.env.PATH, ...rest });

      expect(sent).toEqual(['b undefined']);
    },
  );

  it.each([
    ['UTF-16', 'utf16le', '1:1'],
    ['UTF-16 without its mark', 'utf16le-bare', '1:2'],
    ['GBK', 'gbk', '1:9'],
  ])('the .env of the folder is refused by its name in %s', async (_, encoding, place) => {
    const dir = await emptyFolder();
    const texts: Record<string, Buffer> = {
      utf16le: Buffer.from('\ufeffOSS_REGION=cn-beijing\n', 'utf16le'),
      'utf16le-bare': Buffer.from('OSS_REGION=cn-beijing\n', 'utf16le'),
      gbk: Buffer.concat([Buffer.from('# bucket'), Buffer.from([0xb0, 0xe6, 0x0a])]),
    };
    await writeFile(join(dir, '.env'), texts[encoding] ?? '');

    const { exitCode, err } = await run(dir, ['cost']);

    expect([exitCode, err]).toEqual([2, expect.stringContaining(`oss-saveas: .env:${place} is not UTF-8`)]);
  });
});

describe('the s.yaml of the folder', () => {
  it('the s.yaml of the folder tells region and bucket where no option does', async () => {
    const dir = await emptyFolder();
    await run(dir, ['init', '.', '--yes', '--region', 'cn-beijing', '--bucket', 'shop-photos']);
    const env = { PATH: process.env.PATH, OSS_ACCESS_KEY_ID: 'id', OSS_ACCESS_KEY_SECRET: 'secret' };

    const policy = await run(dir, ['generate', 'policy'], env);
    const event = await run(dir, ['generate', 'event'], env);
    const explained = await run(dir, ['explain', 'uploads/a.jpg'], env);
    const priced = await run(dir, ['cost'], env);
    const { endpoint } = await startRefusingOss();
    const diagnosed = await run(dir, ['doctor', '--endpoint', endpoint], env);

    expect(policy.out).toContain('"acs:oss:*:*:shop-photos/uploads/*"');
    expect(event.out).toContain('"bucket": "shop-photos"');
    expect(explained.out).toMatch(/^oss:\/\/shop-photos\/uploads\/a\.jpg\n/);
    expect(explained.out).toContain('Prices are those of cn-beijing.');
    expect(priced.out).toContain('2 outputs of each upload, 0.1 vCPU and 128 MB, in cn-beijing.');
    expect([diagnosed.exitCode, diagnosed.err]).toEqual([1, '']);
    expect(diagnosed.out).toContain('bucket shop-photos');
    expect((await run(dir, ['generate', 'policy', '--bucket', 'other'], env)).out).toContain(
      ':other/uploads/*"',
    );
  });
});

describe.runIf(process.platform === 'linux')('the output of a command', () => {
  /** Checks broken rules, at a terminal or into a pipe. */
  async function check(kind: 'terminal' | 'pipe', env: NodeJS.ProcessEnv) {
    const dir = await emptyFolder();
    await writeFile(join(dir, 'rules.yaml'), 'rules: 12\n');
    const command = `${process.execPath} ${resolve(project.dir, 'build/cli.js')} check`;
    const [file, args] =
      kind === 'terminal' ? ['script', ['-qec', command, '/dev/null']] : ['sh', ['-c', command]];
    const child = spawn(file, args, { cwd: dir, env: { PATH: process.env.PATH, ...env } });
    let out = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    await new Promise((end) => child.once('close', end));
    return out;
  }

  it.each([
    ['terminal', { TERM: 'xterm' }, true],
    ['terminal', { TERM: 'xterm', NO_COLOR: '1' }, false],
    ['terminal', { TERM: 'xterm', FORCE_COLOR: '0' }, false],
    ['terminal', { TERM: 'dumb' }, false],
    ['pipe', { TERM: 'xterm' }, false],
    ['pipe', { FORCE_COLOR: '1' }, true],
  ] as const)('the output of a command to a %s with %j is coloured: %s', async (kind, env, isColoured) => {
    const out = await check(kind, env);

    expect(out).toContain('rules.yaml:1:');
    expect(out.includes('\u001b[')).toBe(isColoured);
  });

  it('the output of a command that cannot be written is an error with its reason', async () => {
    const dir = await emptyFolder();
    const command = `${process.execPath} ${resolve(project.dir, 'build/cli.js')} cost > /dev/full`;
    const child = spawn('sh', ['-c', command], { cwd: dir });
    let err = '';
    child.stderr.on('data', (chunk) => (err += chunk));

    const exitCode = await new Promise((end) => child.once('close', end));

    expect([exitCode, err]).toEqual([1, expect.stringContaining('the output cannot be written: ENOSPC')]);
  });

  it.each(['Asia/Shanghai', 'America/Los_Angeles', 'UTC'])(
    'the output of a command is the same in %s',
    async (TZ) => {
      const dir = await emptyFolder();
      const target = { key: '{yyyy}/{mm}/{dd}/{base}' };
      const rules = [{ name: 'r', match: { key: '*' }, outputs: [{ style: 'image/info', target }] }];
      await writeFile(join(dir, 'rules.yaml'), JSON.stringify({ rules }));
      const event = JSON.stringify({ bucket: 'photos', key: 'a', lastModified: '2026-02-01T01:00:00+08:00' });

      const { out } = await run(dir, ['explain', event], { ...process.env, TZ });

      expect(out).toContain('oss://photos/2026/01/31/a');
    },
  );
});

describe('a command that is interrupted', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('a demo leaves no lock and nothing in the temporary folder on %s', async (signal, code) => {
    const [dir, temporary] = [await emptyFolder(), await emptyFolder()];
    await writeFile(join(dir, 'rules.yaml'), await readFile('rules.yaml'));
    const env = { ...process.env, TMPDIR: temporary };
    const child = spawn(process.execPath, [resolve(project.dir, 'build/cli.js'), 'demo'], { cwd: dir, env });
    const files = () => readdir(join(dir, '.local-oss-demo')).catch(() => []);
    await expect.poll(files, { timeout: 20_000 }).toContain('lock');

    child.kill(signal);
    const exitCode = await new Promise((end) => child.once('close', end));

    expect(exitCode).toBe(code);
    expect(await readdir(temporary)).toEqual([]);
    expect(await files()).not.toContain('lock');
  });
});
