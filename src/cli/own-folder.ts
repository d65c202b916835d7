import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from './command.ts';

/** A folder that holds a file of this name was made by us. */
const marker = '.oss-saveas';

/** Makes a folder of our own where there is none; refuses one that holds something which we did not put there. */
export async function claimFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const files = await readdir(dir);
  if (files.length > 0 && !files.includes(marker)) {
    throw new CliError(
      `${dir} holds ${files[0]}, and oss-saveas did not make it: name a folder that is empty or not there yet.`,
    );
  }
  await writeFile(join(dir, marker), 'oss-saveas made this folder, and may empty it.\n');
}

/** Empties a folder that we made ourselves; refuses any other that holds something. */
export async function emptyFolder(dir: string): Promise<void> {
  await claimFolder(dir);
  await rm(dir, { recursive: true });
  await claimFolder(dir);
}
