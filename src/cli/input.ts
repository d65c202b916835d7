import { readFile } from 'node:fs/promises';
import { fieldsOf } from '../json.ts';
import { isAddress, splitObjectUrl } from '../object-url.ts';
import { assertRegion } from '../oss/endpoint.ts';
import { assertBucket } from '../oss/object-name.ts';
import { formatObject } from '../pipeline/result.ts';
import type { OssObject } from '../process.ts';
import { decodeText, parseJsonText } from '../text-file.ts';
import { CliError, type Option } from './command.ts';

/** The text of a file, which has to be UTF-8; a byte order mark is left out. */
export async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new CliError(`${file} cannot be read: ${error.message}`);
  });
  return decodeText(bytes, file);
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
export function notAs(expected: string, url: string): CliError {
  const meant = objectAt(url);
  const hint = meant === undefined ? '' : `: write ${formatObject(meant)}`;
  return new CliError(`expected ${expected}, received "${url}"${hint}.`);
}

/** The key that an option or a line holds. Throws CliError for an address: as a key it would name another object. */
export function parseBareKey(text: string, place: string): string {
  if (!isAddress(text)) {
    return text;
  }
  const meant = objectAt(text);
  const hint =
    meant === undefined ? '' : `, whose bucket is "${meant.bucket}" and whose key is "${meant.key}"`;
  throw new CliError(`${place}: expected a key alone, received the address "${text}"${hint}.`);
}

/** The object of OSS at an address. */
function objectAt(address: string): OssObject | undefined {
  const [, host, rest = ''] = /^\w+:\/\/([^/]+)\/(.+)$/s.exec(address) ?? [];
  const [, bucket] = /^([a-z0-9-]+)\.oss-[a-z0-9-]+\.aliyuncs\.com$/i.exec(host ?? '') ?? [];
  if (bucket !== undefined) {
    return { bucket, key: decodePath(rest.replace(/[?#].*$/s, '')) };
  }
  return host !== undefined && /^oss:/i.test(address) ? { bucket: host, key: rest } : undefined;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
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

/** The bytes of a size such as 2MB, whose units are of 1,024 as on OSS's bills; undefined where it names no unit. */
export function parseSize(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([KMG])B$/i.exec(text) ?? [];
  const power = 'KMG'.indexOf(unit.toUpperCase()) + 1;
  return number === undefined ? undefined : Math.round(Number(number) * 1024 ** power);
}

export const eventOption = {
  value: 'json|file',
  summary: 'an event, or a dead letter to be tried again',
} as const satisfies Option;

/** An event as JSON text, or in a file; of a dead letter the event within. `name` says whose text it is. */
export async function readEvent(event: string, name = 'the event'): Promise<unknown> {
  const isText = isEventText(event);
  return openLetter(parseJsonText(isText ? event : await readText(event), isText ? name : event));
}

export const isEventText = (text: string) => /^\s*[[{]/.test(text);

/** Opens a dead letter of the local Function Compute; those of the real one are events, which the function opens itself. */
function openLetter(value: unknown): unknown {
  const { event, attempts } = fieldsOf(value);
  return event === undefined || attempts === undefined ? value : event;
}
