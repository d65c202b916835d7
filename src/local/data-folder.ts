import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Logger } from '../log.ts';

/** Puts a damaged file or folder away, where a person finds it again. */
export type Quarantine = (path: string, reason: unknown) => void;

/** Moves what is damaged below `dataDir` into its folder `damaged`, and says so. */
export function createSetAside(dataDir: string, log: Logger): Quarantine {
  return (path, reason) => {
    const folder = join(dataDir, 'damaged');
    mkdirSync(folder, { recursive: true });
    const movedTo = join(folder, `${relative(dataDir, path).replaceAll(/[/\\]/g, '-')}-${Date.now()}`);
    renameSync(path, movedTo);
    log.warn('damaged file set aside', { path, movedTo, reason: String(reason) });
  };
}

/** Writes JSON to a file, whole or not at all. Synchronous: an upload is answered once its event is safe. */
export function writeJsonFile(path: string, content: object): void {
  const temporaryPath = `${path}.tmp`;
  try {
    writeFileSync(temporaryPath, `${JSON.stringify(content, undefined, 2)}\n`);
    renameSync(temporaryPath, path);
  } catch (error) {
    rmSync(temporaryPath, { force: true });
    throw error;
  }
}
