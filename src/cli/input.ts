import { readFile } from 'node:fs/promises';
import { fieldsOf, parseJson } from '../json.ts';
import type { OssObject } from '../process.ts';
import { decodeText } from '../utf8.ts';
import { CliError, type Option } from './command.ts';

/** The text of a file, which has to be UTF-8; a byte order mark is left out. */
export async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new CliError(`${file} cannot be read: ${error.message}`);
  });
  return decodeText(bytes, file);
}

/** The object that `oss://bucket/key` names; the key is taken as it stands, nothing in it is decoded. */
export function parseObjectUrl(url: string): OssObject {
  const [, bucket, key] = /^oss:\/\/([^/]+)\/(.+)$/s.exec(url) ?? [];
  if (bucket !== undefined && key !== undefined) {
    return { bucket, key };
  }
  throw new CliError(`expected oss://bucket/key, received "${url}".`);
}

/** The number that was given for an option; `expected` says in the message what `isExpected` holds for. */
export function parseNumber(
  option: string,
  text: string,
  expected: string,
  isExpected: (value: number) => boolean,
): number {
  const value = Number(text);
  if (!isExpected(value)) {
    throw new CliError(`--${option}: expected ${expected}, received "${text}".`);
  }
  return value;
}

export const eventOption = {
  value: 'json|file',
  summary: 'an event, or a dead letter to be tried again',
} as const satisfies Option;

/** An event as JSON text, or in a file; of a dead letter the event within. */
export async function readEvent(event: string): Promise<unknown> {
  const isText = isEventText(event);
  const value = parseJson(isText ? event : await readText(event));
  if (value === undefined) {
    throw new CliError(`${isText ? 'the event' : event}: expected JSON, received something else.`);
  }
  return openLetter(value);
}

export const isEventText = (text: string) => /^\s*[[{]/.test(text);

/**
 * Opens the local Function Compute's dead letter (`{requestId, attempts, event, error}`) and what the real one sends
 * to a destination: `{timestamp, requestContext, …}` (Function Compute help, "Result callback"). That the event is in
 * its `requestPayload` is assumed; the page's sample was not at hand.
 */
function openLetter(value: unknown): unknown {
  const { event, attempts, requestContext, requestPayload } = fieldsOf(value);
  if (event !== undefined && attempts !== undefined) {
    return event;
  }
  if (requestContext === undefined || requestPayload === undefined) {
    return value;
  }
  return typeof requestPayload === 'string' ? (parseJson(requestPayload) ?? requestPayload) : requestPayload;
}
