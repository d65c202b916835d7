import { readFile } from 'node:fs/promises';
import type { OssObject } from '../process.ts';
import { CliError, type Values } from './command.ts';

/** The object that `oss://bucket/key` names; the key is taken as it stands, nothing in it is decoded. */
export function parseObjectUrl(url: string): OssObject {
  const [, bucket, key] = /^oss:\/\/([^/]+)\/(.+)$/s.exec(url) ?? [];
  if (bucket !== undefined && key !== undefined) {
    return { bucket, key };
  }
  throw new CliError(`expected oss://bucket/key, received "${url}".`);
}

export const eventOption = { value: 'json|file', summary: 'an event, or a dead letter to be tried again' };

/** The event that `--event` names: JSON text, or a file of it; of a dead letter the event within. */
export async function readEventOption({ event }: Values): Promise<unknown> {
  if (typeof event !== 'string') {
    return undefined;
  }
  const isText = /^\s*[[{]/.test(event);
  try {
    return openLetter(JSON.parse(isText ? event : await readFile(event, 'utf8')));
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new CliError(`--event: expected JSON or a file of it: ${reason}.`);
  }
}

/**
 * Opens the local Function Compute's dead letter (`{requestId, attempts, event, error}`) and what the real one sends
 * to a destination: `{timestamp, requestContext, …}` (Function Compute help, "Result callback"). That the event is in
 * its `requestPayload` is assumed; the page's sample was not at hand.
 */
function openLetter(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if ('event' in value && 'attempts' in value) {
    return value.event;
  }
  if (!('requestContext' in value && 'requestPayload' in value)) {
    return value;
  }
  const { requestPayload } = value;
  return typeof requestPayload === 'string' ? JSON.parse(requestPayload) : requestPayload;
}
