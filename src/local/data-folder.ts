import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Logger } from '../log.ts';

/** Moves a damaged file or folder to where a person can find it. */
export type Quarantine = (path: string, reason: unknown) => void;

/** Moves damaged files below `dataDir` into its folder `damaged`, and logs it. */
export function createSetAside(dataDir: string, log: Logger): Quarantine {
  return (path, reason) => {
    const folder = join(dataDir, 'damaged');
    mkdirSync(folder, { recursive: true });
    const movedTo = join(folder, `${relative(dataDir, path).replaceAll(/[/\\]/g, '-')}-${Date.now()}`);
    renameSync(path, movedTo);
    log.warn('damaged file set aside', { path, movedTo, reason: String(reason) });
  };
}

/** Writes JSON, whole or not at all. Synchronous: an upload is answered only once its event is saved. */
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
