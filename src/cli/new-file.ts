import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { pick } from '../json.ts';

/**
 * Writes a new file, whole or not at all: no signal is handled meanwhile, and a part left by a full disk is
 * removed. False if there is a file of that name. Throws an Error that says why it failed.
 */
export function writeNewFile(file: string, content: string | Uint8Array): boolean {
  try {
    const descriptor = openSync(file, 'wx');
    try {
      writeFileSync(descriptor, content);
    } catch (error) {
      rmSync(file);
      throw error;
    } finally {
      closeSync(descriptor);
    }
    return true;
  } catch (error) {
    if (pick(error, 'code') === 'EEXIST') {
      return false;
    }
    throw new Error(`${file} cannot be written: ${error instanceof Error ? error.message : error}.`);
  }
}
