import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { fieldsOf, parseJson } from '../json.ts';
import type { OssObject } from '../process.ts';
import { CliError } from './command.ts';

/** The text of a file, which has to be UTF-8; a byte order mark is left out. */
export async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new CliError(`${file} cannot be read: ${error.message}`);
  });
  return decodeText(bytes, file);
}

/** Decodes UTF-8 and nothing else: what another encoding became here would stand on every picture. `name` says whose bytes they are. */
export function decodeText(bytes: Uint8Array, name: string): string {
  if (!isUtf8(bytes)) {
    const { line, column, byte } = findForeignByte(bytes);
    throw new Error(
      `${name}:${line}:${column} is not UTF-8: no character can have the byte 0x${byte.toString(16).toUpperCase()} here. Save it as UTF-8; editors on Windows may write GBK, Shift JIS or UTF-16.`,
    );
  }
  return new TextDecoder().decode(bytes); // It leaves the byte order mark out.
}

/** Finds the first byte that UTF-8 cannot have there; a line end is never a part of another character. */
function findForeignByte(bytes: Uint8Array): { line: number; column: number; byte: number } {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  let text = '';
  for (const byte of bytes) {
    try {
      text += decoder.decode(Uint8Array.of(byte), { stream: true });
    } catch {
      return { line, column: text.length + 1, byte };
    }
    if (byte === 0x0a) {
      line += 1;
      text = '';
    }
  }
  return { line, column: text.length + 1, byte: bytes.at(-1) ?? 0 };
}

/** The object that `oss://bucket/key` names; the key is taken as it stands, nothing in it is decoded. */
export function parseObjectUrl(url: string): OssObject {
  const [, bucket, key] = /^oss:\/\/([^/]+)\/(.+)$/s.exec(url) ?? [];
  if (bucket !== undefined && key !== undefined) {
    return { bucket, key };
  }
  throw new CliError(`expected oss://bucket/key, received "${url}".`);
}

export const eventOption = { value: 'json|file', summary: 'an event, or a dead letter to be tried again' };

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
