import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Logger } from '../log.ts';

/**
 * Takes a folder for this process alone, by a file that names it; the answer gives it back. Throws when a process that is
 * alive holds it: two on one folder would destroy each other's files.
 */
export function lockFolder(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, 'lock');
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return () => rmSync(path, { force: true });
  } catch {
    const holder = Number(readFileSync(path, 'utf8'));
    if (isRunning(holder)) {
      throw new Error(
        `The folder ${dataDir} is in use by process ${holder}, another local OSS. End that one, or choose another folder with --data.`,
      );
    }
    rmSync(path, { force: true }); // of a process that was killed
    return lockFolder(dataDir);
  }
}

function isRunning(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Moves what is damaged below `dataDir` into its folder `damaged`, and says so. */
export function createSetAside(dataDir: string, log: Logger): (path: string, reason: unknown) => void {
  return (path, reason) => {
    const folder = join(dataDir, 'damaged');
    mkdirSync(folder, { recursive: true });
    const movedTo = join(folder, `${relative(dataDir, path).replaceAll(/[/\\]/g, '-')}-${Date.now()}`);
    renameSync(path, movedTo);
    log.warn('damaged file set aside', { path, movedTo, reason: String(reason) });
  };
}
