import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createCrc64 } from './crc64.ts';
import { type Bytes, type Digest, metaSchema, type ObjectMeta, type StoredObject } from './object.ts';

/*
 * One file contains a whole object: body, meta as JSON, length of the JSON (4 bytes), magic (4 bytes). So a
 * single rename publishes body and meta together, and readers of an open file keep their version.
 */
const magic = Buffer.from('OSS1');
const tailBytes = 4 + magic.length;

/** Streams a body into a new file at `path`; leaves nothing behind if the source fails. */
export async function writeObjectFile(path: string, source: Bytes, describe: (digest: Digest) => ObjectMeta) {
  const file = await open(path, 'wx');
  try {
    const md5 = createHash('md5');
    const crc64 = createCrc64();
    let sizeBytes = 0;
    for await (const chunk of source) {
      md5.update(chunk);
      crc64.update(chunk);
      await file.appendFile(chunk);
      sizeBytes += chunk.length;
    }
    const meta = describe({ sizeBytes, md5: md5.digest(), crc64: crc64.digest() });
    await file.appendFile(encodeTail(meta));
    await file.close();
    return meta;
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
}

/** Opens an object's file by its meta; throws if it is damaged or gone. Synchronous: see `Store.open`. */
export function openObjectFile(path: string, meta: ObjectMeta): StoredObject {
  const fd = openSync(path, 'r');
  // Only the stream closes the descriptor, and so only once: later, the number may belong to another file.
  let body: Readable | undefined;
  const stream = (start = 0, end = meta.sizeBytes - 1) => {
    body =
      start <= end
        ? createReadStream(path, { fd, start, end })
        : Readable.from([]).on('close', () => closeSync(fd));
    return body;
  };
  const close = () => void (body ?? stream()).destroy();
  try {
    readTail(fd, path);
  } catch (error) {
    close();
    throw error;
  }
  return { meta, stream, close };
}

/** The meta of a stored object; throws for other files. Synchronous, because all are read at start. */
export function readObjectMeta(path: string): ObjectMeta {
  const fd = openSync(path, 'r');
  try {
    return readTail(fd, path);
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

function readTail(fd: number, path: string): ObjectMeta {
  const fileBytes = fstatSync(fd).size;
  const tail = readAt(fd, Math.max(0, fileBytes - tailBytes), tailBytes);
  const jsonBytes = tail.readUInt32BE(0);
  const sizeBytes = fileBytes - tailBytes - jsonBytes;
  if (!tail.subarray(4).equals(magic) || sizeBytes < 0) {
    throw new Error(`${path} is not an object of the local OSS, or the end of one is missing`);
  }
  const meta = metaSchema.parse(JSON.parse(readAt(fd, sizeBytes, jsonBytes).toString()));
  if (meta.sizeBytes !== sizeBytes) {
    throw new Error(`${path} is damaged: its size is not the one it was stored with`);
  }
  return meta;
}

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readSync(fd, bytes, 0, length, position);
  return bytes;
}
