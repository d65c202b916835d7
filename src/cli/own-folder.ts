import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockFolder, makeFolder } from '../folder-lock.ts';
import { CliError } from './command.ts';

/** Marks a folder that we made. */
const marker = '.oss-saveas';

/** Makes a folder of our own if there is none. Refuses one with contents that we did not put there. */
export function claimFolder(dir: string): void {
  makeFolder(dir);
  const files = readdirSync(dir);
  if (files.length > 0 && !files.includes(marker)) {
    throw new CliError(`${dir} holds ${files[0]}, which oss-saveas did not make: name an empty folder.`);
  }
  writeFileSync(join(dir, marker), 'oss-saveas made this folder, and may empty it.\n');
}

/** Empties a folder that we made. Refuses any other that is not empty, and one in use. */
export function emptyFolder(dir: string): void {
  claimFolder(dir);
  const unlock = lockFolder(dir, (pid) => `The folder ${dir} is in use by process ${pid}.`);
  for (const name of readdirSync(dir).filter((one) => ![marker, 'lock'].includes(one))) {
    rmSync(join(dir, name), { recursive: true });
  }
  unlock();
}
