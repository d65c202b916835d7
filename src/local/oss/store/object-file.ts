import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createCrc64 } from './crc64.ts';

/** As `x-oss-object-type` names the ways an object came about. */
export type ObjectType = 'Normal' | 'Multipart' | 'Appendable' | 'Symlink';

/** What is kept of an object's making besides its bytes. */
export interface ObjectProperties {
  /** Content-Type and the like, and `x-oss-meta-*`: lower-case names, one character a byte. */
  readonly headers: Readonly<Record<string, string>>;
  /** `Normal` when absent, as the three below have their defaults. */
  readonly type?: ObjectType;
  /** `default`, i.e. the bucket's. */
  readonly acl?: string;
  /** `Standard`. */
  readonly storageClass?: string;
  readonly tags?: readonly ObjectTag[];
  /** Key of the object that a `Symlink` leads to. */
  readonly symlinkTarget?: string;
}

export interface ObjectTag {
  readonly key: string;
  readonly value: string;
}

/** What HeadObject says of an object. */
export interface ObjectMeta extends ObjectProperties {
  readonly key: string;
  readonly sizeBytes: number;
  /** Upper-case hex MD5, with the number of parts behind a dash for a multipart object; without quotes. */
  readonly eTag: string;
  /** Unsigned decimal; unknown of a file written before it was kept. */
  readonly crc64?: string;
  readonly lastModifiedMs: number;
}

/** What is known of a body once all of it has passed. */
export interface Digest {
  readonly sizeBytes: number;
  readonly md5: Buffer;
  readonly crc64: string;
}

export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface OpenObject {
  readonly meta: ObjectMeta;
  /** Streams bytes `start` to `end`, both included, all of them unless told otherwise, and closes the file. */
  stream(start?: number, end?: number): Readable;
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
  source: Bytes,
  describe: (digest: Digest) => ObjectMeta,
): Promise<ObjectMeta> {
  const file = await open(path, 'wx');
  try {
    const meta = describe(await copyInto(file, source));
    await file.appendFile(encodeTail(meta));
    await file.close();
    return meta;
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
}

async function copyInto(file: FileHandle, source: Bytes): Promise<Digest> {
  const [md5, crc64] = [createHash('md5'), createCrc64()];
  let sizeBytes = 0;
  for await (const chunk of source) {
    md5.update(chunk);
    crc64.update(chunk);
    await file.appendFile(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, md5: md5.digest(), crc64: crc64.digest() };
}

export async function openObjectFile(path: string): Promise<OpenObject> {
  const file = await open(path, 'r');
  try {
    const meta = decodeTail((await file.stat()).size, file.fd, path);
    return {
      meta,
      stream: (start = 0, end = meta.sizeBytes - 1) =>
        end < start ? emptyStream(file) : file.createReadStream({ start, end }),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Nothing, after which the file is closed. */
function emptyStream(file: FileHandle): Readable {
  return new Readable({
    read() {
      this.push(null);
    },
    destroy: (error, done) => {
      file.close().then(() => done(error), done);
    },
  });
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
  if (!tail.subarray(4).equals(magic)) {
    throw new Error(`${path} is not an object of the local OSS`);
  }
  const jsonBytes = tail.readUInt32BE(0);
  const meta: unknown = JSON.parse(readAt(fd, fileBytes - tailBytes - jsonBytes, jsonBytes).toString());
  if (!isObjectMeta(meta) || meta.sizeBytes !== fileBytes - tailBytes - jsonBytes) {
    throw new Error(`${path} is damaged: its size is not the one it was stored with`);
  }
  return meta;
}

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (position >= 0) {
    readSync(fd, bytes, 0, length, position);
  }
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
