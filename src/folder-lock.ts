import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pick } from './json.ts';

/**
 * Locks a folder for this process, with a file that holds its id; the answer unlocks it. Throws what
 * `refuse` says when a process that is alive holds it: two on one folder would destroy each other's files.
 */
export function lockFolder(folder: string, refuse: (pid: number) => string): () => void {
  makeFolder(folder);
  const path = join(folder, 'lock');
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    held.add(path);
    return () => {
      rmSync(path, { force: true });
      held.delete(path);
    };
  } catch (error) {
    if (pick(error, 'code') !== 'EEXIST') {
      rmSync(path, { force: true }); // what a full disk took of it
      throw error;
    }
    const holder = readHolder(path);
    // In a container a process has the same id as the one before it that was killed.
    if (holder === process.pid ? held.has(path) : isRunning(holder)) {
      // After a reboot any process may have the id of one that was killed.
      throw new Error(`${refuse(holder)} If that is not oss-saveas, remove ${path}.`);
    }
    removeStaleLock(path, holder);
    return lockFolder(folder, refuse);
  }
}

/** The locks of this process. */
const held = new Set<string>();

/** Removes the lock of a process that was killed, unless another start has put its own there by now. */
function removeStaleLock(path: string, holder: number): void {
  const stale = `${path}-${process.pid}`;
  ifThere(() => renameSync(path, stale));
  if (!Object.is(readHolder(stale), holder)) {
    ifThere(() => renameSync(stale, path));
  }
  rmSync(stale, { force: true });
}

/** Reads who holds the folder: 0 where a start is about to write its id, -1 where the file is gone by now. */
function readHolder(path: string): number {
  const holder = ifThere(() => {
    const text = readFileSync(path, 'utf8');
    // A start writes its id at once: an older file was emptied as the power failed.
    const isAbandoned = text === '' && Date.now() - statSync(path).mtimeMs > 10_000;
    return isAbandoned ? undefined : Number(text);
  });
  return holder ?? -1;
}

function ifThere<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (pick(error, 'code') === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    return pid === 0 || (pid > 0 && process.kill(pid, 0));
  } catch (error) {
    return pick(error, 'code') === 'EPERM'; // It belongs to another user.
  }
}

/** Makes a folder and those above it, where there is none. Throws an Error that says why it cannot. */
export function makeFolder(folder: string): void {
  try {
    makeWithParents(folder);
  } catch (error) {
    throw new Error(`The folder ${folder} cannot be made: ${error instanceof Error ? error.message : error}`);
  }
}

/** Node's own `recursive` goes up and down for ever below /proc, which answers ENOENT to everything. */
function makeWithParents(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    const code = pick(error, 'code');
    if (code === 'ENOENT' && dirname(folder) !== folder) {
      makeWithParents(dirname(folder));
      mkdirSync(folder);
    } else if (code !== 'EEXIST' || !statSync(folder).isDirectory()) {
      throw error;
    }
  }
}
