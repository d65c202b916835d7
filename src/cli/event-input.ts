import { readFile } from 'node:fs/promises';
import type { Target } from '../process/save-as.ts';
import { CliError, type Values } from './command.ts';

/** The object that `oss://bucket/key` names; the key is taken as it stands, nothing in it is decoded. */
export function parseObjectUrl(url: string): Target {
  const [, bucket, key] = /^oss:\/\/([^/]+)\/(.+)$/s.exec(url) ?? [];
  if (bucket !== undefined && key !== undefined) return { bucket, key };
  throw new CliError(`expected oss://bucket/key, received "${url}".`);
}

export const eventOption = { value: 'json|file', summary: 'an event, or a dead letter to be tried again' };

/**
 * The event that `--event` names: JSON text, or a file of it. A dead letter of the local Function Compute
 * (`{requestId, attempts, event, error}`) stands for the event within.
 */
export async function readEventOption({ event }: Values): Promise<unknown> {
  if (typeof event !== 'string') return undefined;
  const isText = /^\s*[[{]/.test(event);
  try {
    const parsed: unknown = JSON.parse(isText ? event : await readFile(event, 'utf8'));
    const isLetter =
      typeof parsed === 'object' && parsed !== null && 'event' in parsed && 'attempts' in parsed;
    return isLetter ? parsed.event : parsed;
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new CliError(`--event: expected JSON or a file of it: ${reason}.`);
  }
}
