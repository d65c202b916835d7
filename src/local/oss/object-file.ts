import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/** What HeadObject says of an object. */
export interface ObjectMeta {
  readonly key: string;
  readonly sizeBytes: number;
  /** Upper-case hex MD5, without quotes. */
  readonly eTag: string;
  readonly lastModifiedMs: number;
  /** Content-Type and the like, and `x-oss-meta-*`: lower-case names, one character a byte. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface OpenObject {
  readonly meta: ObjectMeta;
  /** Streams bytes `start` to `end`, both included, and closes the file. */
  stream(start: number, end: number): Readable;
  close(): Promise<void>;
}

/*
 * One file holds an object whole: body, meta as JSON, length of the JSON (4 bytes), magic (4 bytes). A single rename
 * therefore publishes body and meta together, and whoever has the file open keeps reading that object.
 */
const magic = Buffer.from('OSS1');
const tailBytes = 4 + magic.length;

/** Streams a body into a new file at `path`; nothing is left behind when the source fails. */
export async function writeObjectFile(
  path: string,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  describe: (sizeBytes: number, md5: Buffer) => ObjectMeta,
): Promise<ObjectMeta> {
  const file = await open(path, 'wx');
  try {
    const md5 = createHash('md5');
    const meta = describe(await copyInto(file, source, md5), md5.digest());
    await file.appendFile(encodeTail(meta));
    await file.close();
    return meta;
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
}

async function copyInto(
  file: FileHandle,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  md5: Hash,
): Promise<number> {
  let sizeBytes = 0;
  for await (const chunk of source) {
    md5.update(chunk);
    await file.appendFile(chunk);
    sizeBytes += chunk.length;
  }
  return sizeBytes;
}

export async function openObjectFile(path: string): Promise<OpenObject> {
  const file = await open(path, 'r');
  try {
    const meta = decodeTail((await file.stat()).size, file.fd, path);
    return {
      meta,
      stream: (start, end) => file.createReadStream({ start, end }),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The meta of a stored object; throws for a file that is not one. Synchronous: read in bulk at start. */
export function readObjectMeta(path: string): ObjectMeta {
  const fd = openSync(path, 'r');
  try {
    return decodeTail(fstatSync(fd).size, fd, path);
  } finally {
    closeSync(fd);
  }
}

function encodeTail(meta: ObjectMeta): Buffer {
  const json = Buffer.from(JSON.stringify(meta));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([json, length, magic]);
}

function decodeTail(fileBytes: number, fd: number, path: string): ObjectMeta {
  const tail = readAt(fd, fileBytes - tailBytes, tailBytes);
  if (!tail.subarray(4).equals(magic)) throw new Error(`${path} is not an object of the local OSS`);
  const jsonBytes = tail.readUInt32BE(0);
  const meta: unknown = JSON.parse(readAt(fd, fileBytes - tailBytes - jsonBytes, jsonBytes).toString());
  if (!isObjectMeta(meta) || meta.sizeBytes !== fileBytes - tailBytes - jsonBytes)
    throw new Error(`${path} is damaged: its size is not the one it was stored with`);
  return meta;
}

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (position >= 0) readSync(fd, bytes, 0, length, position);
  return bytes;
}

function isObjectMeta(value: unknown): value is ObjectMeta {
  return (
    typeof value === 'object' &&
    value !== null &&
    'key' in value &&
    typeof value.key === 'string' &&
    'sizeBytes' in value &&
    typeof value.sizeBytes === 'number' &&
    'headers' in value &&
    typeof value.headers === 'object'
  );
}
