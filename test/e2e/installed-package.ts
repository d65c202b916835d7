import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Installation {
  /** A folder outside the checkout, with the package in its node_modules and nothing else of ours. */
  dir: string;
  /** The file that `npm pack` made. */
  packed: string;
  remove: () => Promise<void>;
}

/** Packs this project as it would be published, and installs it into an empty folder from the npm registry or its cache. */
export async function installPackage(): Promise<Installation> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'oss-saveas-package-')));
  const packed = await packProject(root);
  const dir = join(root, 'installed');
  await mkdir(dir);
  await writeFile(join(dir, 'package.json'), '{ "private": true }\n');
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', packed], { cwd: dir });
  return { dir, packed, remove: () => rm(root, { recursive: true, force: true }) };
}

/**
 * Packs a copy of this project into `root`, since packing builds anew what other tests may be using; `change` is handed
 * the copy first. Resolves to the packed file.
 */
export async function packProject(
  root: string,
  change: (dir: string) => Promise<void> = async () => {},
): Promise<string> {
  const project = join(root, 'project');
  for (const name of [
    'package.json',
    'rules.yaml',
    'README.md',
    'LICENSE',
    'tsconfig.json',
    'tsconfig.types.json',
    'bin',
    'src',
  ]) {
    await mkdir(dirname(join(project, name)), { recursive: true });
    await cp(name, join(project, name), { recursive: true });
  }
  await symlink(resolve('node_modules'), join(project, 'node_modules'));
  await change(project);
  await run('npm', ['pack', '--pack-destination', root], { cwd: project });
  const [file = ''] = (await readdir(root)).filter((name) => name.endsWith('.tgz'));
  return join(root, file);
}
