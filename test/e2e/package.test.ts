import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, installPackage } from './installed-package.ts';

const run = promisify(execFile);

let installed: Installation;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed.remove());

const inPackage = (path: string) => join(installed.dir, 'node_modules/oss-saveas', path);

async function project(name: string): Promise<string> {
  const dir = join(installed.dir, name);
  await mkdir(dir);
  await cp('rules.yaml', join(dir, 'rules.yaml'));
  return dir;
}

describe('the installed package', () => {
  it('the installed package checks and builds a project without a bundler', async () => {
    const cwd = await project('builds');

    const checked = await run('npx', ['oss-saveas', 'check'], { cwd });
    await run('npx', ['oss-saveas', 'build'], { cwd });

    expect(checked.stdout).toContain('2 rules: 0 errors, 0 warnings');
    expect(await readdir(cwd)).toEqual(['dist', 'rules.yaml']);
    expect(await readdir(join(cwd, 'dist'))).toEqual(['http.js', 'index.js', 'package.json', 'rules.json']);
    expect(await readFile(join(cwd, 'dist/index.js'))).toEqual(
      await readFile(inPackage('build/function/index.js')),
    );
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    const { builtBy } = JSON.parse(await readFile(join(cwd, 'dist/rules.json'), 'utf8'));
    expect(builtBy).toBe(version);
    expect(await readdir(join(installed.dir, 'node_modules'))).not.toContain('esbuild');
  });

  it('the installed package runs no script of ours, and holds neither sources nor tests', async () => {
    const { scripts } = JSON.parse(await readFile(inPackage('package.json'), 'utf8'));
    const files = await readdir(inPackage('.'), { recursive: true });

    expect(['preinstall', 'install', 'postinstall', 'prepare'].filter((name) => name in scripts)).toEqual([]);
    expect(files.filter((file) => /\.(ts|tsx)$|^test/.test(file))).toEqual([]);
  });

  it('the installed package carries the notices of what is bundled in it', async () => {
    const bundle = await readFile(inPackage('build/function/index.js'), 'utf8');
    const notices = await readFile(inPackage('build/page/LICENSES.txt'), 'utf8');

    expect(bundle).toContain('Copyright (c) Matteo Collina and Undici contributors');
    for (const name of ['preact', '@codemirror/view', '@lezer/common']) {
      expect(notices).toContain(`${name}\n\n`);
    }
  });

  it('the installed package takes at most 60 MB in 60 packages', async () => {
    const lock = await readFile(join(installed.dir, 'node_modules/.package-lock.json'), 'utf8');
    const packages = Object.keys(JSON.parse(lock).packages);
    const files = await readdir(join(installed.dir, 'node_modules'), { recursive: true });
    const stats = await Promise.all(files.map((file) => stat(join(installed.dir, 'node_modules', file))));
    const megabytes = stats.reduce((sum, { size }) => sum + size, 0) / 2 ** 20;
    console.log(`installed: ${packages.length} packages, ${megabytes.toFixed(1)} MB`);

    expect(packages.length).toBeLessThanOrEqual(60);
    expect(megabytes).toBeLessThanOrEqual(60);
  });
});

// It comes last, since it takes away what others need.
describe('without sharp', () => {
  it('the local OSS says in one sentence that sharp is missing, and everything else works', async () => {
    const cwd = await project('without-sharp');
    await rm(join(installed.dir, 'node_modules/sharp'), { recursive: true });

    const started = run('npx', ['oss-saveas', 'local', '--port', '0'], { cwd });

    await expect(started).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^oss-saveas local: .*sharp, which is not installed here.*\n$/),
    });
    await run('npx', ['oss-saveas', 'check'], { cwd });
  });
});
