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

/** The text of a file in UTF-8, without its byte order mark. `advice` says what else to give. */
export async function readText(file: string, advice: string): Promise<string> {
  return decodeText(await readFile(file).catch(refuseFile(file, advice)), file);
}

/** Throws CliError where a file cannot be read, more than once as a long job has to, or has nothing in it. */
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

/** The object that `oss://bucket/key` names. */
export function parseObjectUrl(url: string): OssObject {
  const object = splitObjectUrl(url);
  if (object !== undefined && object.key !== '') {
    return object;
  }
  throw notAs('oss://bucket/key', url);
}

/** The complaint about an address that is not written as here. */
export const notAs = (expected: string, url: string) =>
  new CliError(`expected ${expected}, received "${url}".`);

/** The key that an option holds. Throws CliError for an address: as a key it would name another object. */
export function parseBareKey(text: string, place: string): string {
  if (isAddress(text)) {
    throw new CliError(`${place}: expected a key alone, received the address "${text}".`);
  }
  return text;
}

/** The region that was given for an option or as an answer. */
export const parseRegion = (text: string) => asserted(text, assertRegion);

/** The bucket that was given for an option, as an answer or in the environment. */
export const parseBucket = (text: string) => asserted(text, assertBucket);

function asserted(text: string, assert: (text: string) => void): string {
  try {
    assert(text);
    return text;
  } catch (error) {
    throw new CliError(`${error instanceof Error ? error.message : error}.`);
  }
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

/** The count that was given for an option. */
export function parseCount(option: string, text: string): number {
  const isCount = (value: number) => Number.isSafeInteger(value) && value > 0;
  return parseNumber(option, text, 'a whole number above 0', isCount);
}

export const eventOption = {
  value: 'json|file',
  summary: 'an event, or a dead letter to retry',
} as const satisfies Option;

/** An event as JSON text, or in a file; of a dead letter the event within. `name` says whose text it is. */
export async function readEvent(event: string, name = 'the event'): Promise<unknown> {
  const isText = isEventText(event);
  const text = isText ? event : await readText(event, 'name a JSON file, or write the JSON itself');
  const value = parseJsonText(text, isText ? name : event);
  // The function itself opens dead letters of the real Function Compute, and not those of the local one.
  const { event: inner, attempts } = fieldsOf(value);
  return inner === undefined || attempts === undefined ? value : inner;
}

/** Tells whether it is JSON itself, and no name of a file. */
export const isEventText = (text: string) => /^\s*[[{]/.test(text);
