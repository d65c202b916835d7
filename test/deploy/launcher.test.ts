import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createCheckout, execute } from './checkout.ts';

it('oss-saveas runs a command in a clone that was installed and never built', async () => {
  const { dir, env } = await createClone();

  const { exitCode, output } = await execute('npx', ['oss-saveas', 'check'], { cwd: dir, env });

  expect(output).toContain('no loop is possible');
  expect(exitCode).toBe(0);
});

it('oss-saveas builds its clone also where a command is called from another folder', async () => {
  const { dir, env } = await createClone();

  const { exitCode, output } = await execute(
    process.execPath,
    [join(dir, 'bin/oss-saveas.js'), 'check', '--rules', join(dir, 'rules.yaml')],
    { cwd: tmpdir(), env },
  );

  expect(output).toContain('no loop is possible');
  expect(exitCode).toBe(0);
});

it('oss-saveas rebuilds a clone whose build was interrupted', async () => {
  const { dir, env } = await createClone();
  await mkdir(join(dir, 'build'));
  await writeFile(join(dir, 'build/cli.js'), "import './chunk-that-was-not-written.js';");

  const { exitCode, output } = await execute('npx', ['oss-saveas', 'check'], { cwd: dir, env });

  expect([exitCode, output]).toEqual([0, expect.stringContaining('no loop is possible')]);
});

it('oss-saveas builds a clone anew that was pulled since', async () => {
  const { dir, env } = await createClone();
  const launcher = join(dir, 'bin/oss-saveas.js');
  const readVersion = () => execute(process.execPath, [launcher, '--version'], { cwd: dir, env });
  await readVersion();
  const file = join(dir, 'src/cli/main.ts');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/(?<=io\.out\(`)(?=\$\{packageJson)/, 'pulled '));

  const { exitCode, output } = await readVersion();

  expect([exitCode, output]).toEqual([0, expect.stringMatching(/^pulled \d/)]);
});

async function createClone() {
  const checkout = await createCheckout();
  const cache = await mkdtemp(join(tmpdir(), 'npm-cache-'));
  onTestFinished(async () => {
    await checkout.remove();
    await rm(cache, { recursive: true, force: true });
  });
  const env = { PATH: process.env.PATH, HOME: cache, npm_config_cache: cache, npm_config_offline: 'true' };
  return { dir: checkout.dir, env };
}
