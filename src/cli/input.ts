import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { getSystemErrorMap } from 'node:util';
import { fieldsOf } from '../json.ts';
import { isAddress, splitObjectUrl } from '../object-url.ts';
import { assertRegion } from '../oss/endpoint.ts';
import { assertBucket } from '../oss/object-name.ts';
import type { OssObject } from '../process.ts';
import { decodeText, parseJsonText } from '../text-file.ts';
import { CliError, type Option } from './command.ts';

/** Reads a UTF-8 file, without its byte order mark. `advice` says what else to give. */
export async function readText(file: string, advice: string): Promise<string> {
  return decodeText(await readFile(file).catch(refuseFile(file, advice)), file);
}

/** Throws CliError if a file is empty or cannot be read (more than once, as a long job needs). */
export async function checkFile(file: string, advice: string): Promise<void> {
  const stats = await access(file, constants.R_OK).then(() => stat(file), refuseFile(file, advice));
  if (!stats.isFile() || stats.size === 0) {
    throw new CliError(`${file} is ${stats.isFile() ? 'empty' : 'no file'}; ${advice}.`);
  }
}

function refuseFile(file: string, advice: string): (error: NodeJS.ErrnoException) => never {
  return ({ errno = 0, message }) => {
    const [, reason = message] = getSystemErrorMap().get(errno) ?? [];
    throw new CliError(`${file} cannot be read: ${reason}; ${advice}.`);
  };
}

export function parseObjectUrl(url: string): OssObject {
  const object = splitObjectUrl(url);
  if (object !== undefined && object.key !== '') {
    return object;
  }
  throw notAs('oss://bucket/key', url);
}

/** The error about an address that is written in another way. */
export const notAs = (expected: string, url: string) =>
  new CliError(`expected ${expected}, received "${url}".`);

/** The key in an option. Throws CliError for an address, which as a key would name another object. */
export function parseBareKey(text: string, place: string): string {
  if (isAddress(text)) {
    throw new CliError(`${place}: expected a key alone, received the address "${text}".`);
  }
  return text;
}

export const parseRegion = (text: string) => asserted(text, assertRegion);

export const parseBucket = (text: string) => asserted(text, assertBucket);

function asserted(text: string, assert: (text: string) => void): string {
  try {
    assert(text);
    return text;
  } catch (error) {
    throw new CliError(`${error instanceof Error ? error.message : error}.`);
  }
}

/** Reads the number of an option; `expected` describes in messages what `isExpected` accepts. */
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

export function parseCount(option: string, text: string): number {
  const isCount = (value: number) => Number.isSafeInteger(value) && value > 0;
  return parseNumber(option, text, 'a whole number above 0', isCount);
}

export const eventOption = {
  value: 'json|file',
  summary: 'an event, or a dead letter to retry',
} as const satisfies Option;

/** Reads an event from JSON text or a file, or the one inside a dead letter. `name` names the text. */
export async function readEvent(event: string, name = 'the event'): Promise<unknown> {
  const isText = isEventText(event);
  const text = isText ? event : await readText(event, 'name a JSON file, or write the JSON itself');
  const value = parseJsonText(text, isText ? name : event);
  // The function itself opens dead letters of the real Function Compute, but not those of the local one.
  const { event: inner, attempts } = fieldsOf(value);
  return inner === undefined || attempts === undefined ? value : inner;
}

/** Whether the text is JSON and not the name of a file. */
export const isEventText = (text: string) => /^\s*[[{]/.test(text);
