import { statSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { claimFolder, emptyFolder } from '../../src/cli/own-folder.ts';
import { temporaryDir } from '../local/oss/running-oss.ts';
import { runCommand } from './terminal.ts';

const installed = vi.hoisted(() => ({ dir: '' }));

// The sources have no bundled function beside them, as an installed package has.
vi.mock('../../src/cli/package-files.ts', () => ({ builtDir: () => installed.dir }));

describe('a folder of our own', () => {
  it('a folder of our own is made, emptied and made again', async () => {
    const dir = join(await temporaryDir(), 'demo');

    emptyFolder(dir);
    await writeFile(join(dir, 'a.webp'), 'a');
    emptyFolder(dir);

    expect(await readdir(dir)).toEqual(['.oss-saveas']);
  });

  it.each([emptyFolder, claimFolder])(
    'a folder that holds files of somebody else is not taken for our own',
    async (take) => {
      const dir = await temporaryDir();
      await writeFile(join(dir, 'holiday.jpg'), 'a picture');

      expect(() => take(dir)).toThrow('holds holiday.jpg, which oss-saveas did not make');

      expect(await readdir(dir)).toEqual(['holiday.jpg']);
    },
  );

  it('a folder that holds a folder of our own is not taken for one itself', async () => {
    const dir = await temporaryDir();
    emptyFolder(join(dir, 'demo'));

    expect(() => claimFolder(dir)).toThrow('holds demo, which oss-saveas did not make');

    expect(await readdir(join(dir, 'demo'))).toEqual(['.oss-saveas']);
  });

  it('a file is not taken for a folder of our own', async () => {
    const file = join(await temporaryDir(), 'holiday.jpg');
    await writeFile(file, 'a picture');

    expect(() => emptyFolder(file)).toThrow(`The folder ${file} cannot be made: EEXIST`);

    expect(await readFile(file, 'utf8')).toBe('a picture');
  });

  it('a folder of our own is not emptied while a process is at work there', async () => {
    const dir = await temporaryDir();
    claimFolder(dir);
    await writeFile(join(dir, 'lock'), String(process.ppid));
    await writeFile(join(dir, 'a.webp'), 'a');

    expect(() => emptyFolder(dir)).toThrow(`The folder ${dir} is in use by process ${process.ppid}.`);

    expect(await readFile(join(dir, 'a.webp'), 'utf8')).toBe('a');
  });

  it('a folder of our own is not emptied for a demo where it holds an oss folder by chance', async () => {
    const dir = await temporaryDir();
    await mkdir(join(dir, 'oss'));

    const { exitCode, err } = await runCommand(['demo', '--data', dir]);

    expect([exitCode, err]).toEqual([2, expect.stringContaining('oss-saveas did not make')]);
    expect(await readdir(dir)).toEqual(['oss']);
  });
});

describe('the folder of a build', () => {
  it.each([
    ['holiday.jpg', { 'holiday.jpg': 'a picture' }],
    ['files', { 'package.json': '{"name": "mine"}', 'index.js': 'mine', 'rules.json': '{"rules": []}' }],
    ['notes.txt', { 'rules.json': '{"builtBy":"0.1.0"}', 'notes.txt': 'mine' }],
    ['.DS_Store', { 'rules.json': '{"builtBy":"0.1.0"}', '.DS_Store': 'of the Finder' }],
  ])('the folder of a build is left alone where it holds %s of somebody else', async (name, files) => {
    const dir = await temporaryDir();
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(dir, name), text);
    }

    const { exitCode, err } = await runCommand(['build', '--out', dir]);

    expect([exitCode, err]).toEqual([2, expect.stringContaining(`holds ${name}, which no build made`)]);
    for (const [name, text] of Object.entries(files)) {
      expect(await readFile(join(dir, name), 'utf8')).toBe(text);
    }
  });

  it('the folder of a build is built anew', async () => {
    installed.dir = await temporaryDir();
    await mkdir(join(installed.dir, 'function'));
    await writeFile(join(installed.dir, 'function', 'index.js'), '');
    await writeFile(join(installed.dir, 'function', 'function.js'), '');
    await writeFile(join(installed.dir, 'function', 'http.js'), '');
    const dir = await temporaryDir();
    await writeFile(join(dir, 'rules.json'), '{"builtBy":"0.0.1","rules":[]}');
    await writeFile(join(dir, 'index.js'), 'old');

    expect((await runCommand(['build', '--out', dir])).exitCode).toBe(0);

    const files = ['function.js', 'http.js', 'index.js', 'package.json', 'rules.json'];
    expect((await readdir(dir)).sort()).toEqual(files);
  });

  it('the folder of a build has files that every user may read, whoever may read those of the package', async () => {
    const umask = process.umask(0o077);
    onTestFinished(() => void process.umask(umask));
    installed.dir = await temporaryDir();
    await mkdir(join(installed.dir, 'function'));
    for (const name of ['index.js', 'function.js', 'http.js', 'function.cache']) {
      await writeFile(join(installed.dir, 'function', name), '');
    }
    const dir = await temporaryDir();

    expect((await runCommand(['build', '--out', dir])).exitCode).toBe(0);

    const modes = (await readdir(dir)).map((name) => statSync(join(dir, name)).mode & 0o777);
    expect(modes).toEqual(Array(6).fill(0o644));
  });

  it('the folder of a build stays empty where the package lacks the function', async () => {
    installed.dir = await temporaryDir();
    await mkdir(join(installed.dir, 'function'));
    await writeFile(join(installed.dir, 'function', 'index.js'), '');
    const dir = await temporaryDir();

    const { exitCode, err } = await runCommand(['build', '--out', dir]);

    expect([exitCode, err]).toEqual([1, expect.stringMatching(/cannot be built: ENOENT.*function\.js/)]);
    expect(await readdir(dir)).toEqual([]);
  });
});
