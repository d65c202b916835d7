/* The commands as processes: what they read where they run, and what ends them. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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

describe('the .env of the folder', () => {
  it('the .env of the folder is taken where it is UTF-8, its byte order mark or none', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, '.env'), '\ufeffOSS_REGION=cn-beijing\r\n');

    expect((await run(dir, ['cost'])).out).toContain('in cn-beijing');
  });

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
