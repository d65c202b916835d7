import { readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fieldsOf, parseJson, pick, textOf } from '../../../json.ts';
import type { OssObject } from '../../../process.ts';
import type { DeadLetter } from '../wire.ts';
import { PageError } from './reply.ts';

/** The number of dead letters in a folder. */
export function countDeadLetters(dir: string): number {
  return fileNames(dir).length;
}

/** Lists dead letters, newest first, without any that are deleted meanwhile. */
export async function listDeadLetters(
  dir: string,
  objectOf: (event: unknown) => OssObject | undefined,
): Promise<DeadLetter[]> {
  const files = fileNames(dir).sort().reverse();
  const letters = files.map(async (file): Promise<DeadLetter[]> => {
    const text = await readFile(join(dir, file), 'utf8').catch(() => undefined);
    return text === undefined ? [] : [{ file, ...readLetter(text, objectOf) }];
  });
  return (await Promise.all(letters)).flat();
}

function readLetter(text: string, objectOf: (event: unknown) => OssObject | undefined) {
  const letter = fieldsOf(parseJson(text));
  if (letter.event === undefined) {
    return { error: 'It is damaged: no event can be read from it.' };
  }
  return {
    time: textOf(letter.time),
    attempts: Number(letter.attempts),
    object: objectOf(letter.event),
    error: textOf(pick(letter, 'error', 'errorMessage')) ?? '',
  };
}

/** Sends a dead letter's event to the function again, then removes the letter, so that it is never lost. */
export async function retryDeadLetter(
  dir: string,
  file: string,
  enqueue: (event: unknown) => void,
): Promise<void> {
  if (!fileNames(dir).includes(file)) {
    throw new PageError(404, `There is no dead letter ${file}.`);
  }
  const { event } = fieldsOf(parseJson(await readFile(join(dir, file), 'utf8')));
  if (event === undefined) {
    throw new PageError(400, `The dead letter ${file} holds no event.`);
  }
  enqueue(event);
  await rm(join(dir, file), { force: true });
}

function fileNames(dir: string): string[] {
  return readdirSync(dir).filter((name) => name.endsWith('.json'));
}
