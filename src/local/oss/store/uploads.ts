import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../../log.ts';
import { notFound } from '../http/errors.ts';
import { compareUtf8 } from './listing.ts';
import {
  type Bytes,
  type Digest,
  type ObjectMeta,
  type ObjectProperties,
  openObjectFile,
  readObjectMeta,
  writeObjectFile,
} from './object-file.ts';

/** A multipart upload that is neither complete nor aborted. */
export interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiatedMs: number;
  /** Of the object to be. */
  readonly properties: ObjectProperties;
  /** By part number. */
  readonly parts: ReadonlyMap<number, ObjectMeta>;
}

export interface Uploads {
  initiate(bucket: string, key: string, properties: ObjectProperties): Upload;
  /** Throws NoSuchUpload. */
  find(bucket: string, key: string, id: string): Upload;
  /** Those of a bucket, by key and then by id. */
  list(bucket: string): Upload[];
  /** Streams a part to disk; one of the same number is replaced. */
  putPart(
    upload: Upload,
    number: number,
    source: Bytes,
    verify?: ((digest: Digest) => void) | undefined,
  ): Promise<ObjectMeta>;
  /** The bytes of these parts, one after another. */
  read(upload: Upload, numbers: readonly number[]): AsyncIterable<Uint8Array>;
  /** Forgets an upload and its parts. */
  remove(upload: Upload): void;
}

interface OpenUpload extends Upload {
  readonly parts: Map<number, ObjectMeta>;
}

/** Uploads under `dataDir`: `uploads/{id}/upload.json` and a file of the objects' own form for each part. */
export function openUploads(dataDir: string, now: () => number, log: Logger): Uploads {
  const uploadsDir = join(dataDir, 'uploads');
  const temporaryDir = join(dataDir, 'tmp'); // emptied at start, by the store
  mkdirSync(uploadsDir, { recursive: true });
  const uploads = loadUploads(uploadsDir, log);

  function find(bucket: string, key: string, id: string): OpenUpload {
    const upload = uploads.get(id);
    if (upload?.bucket === bucket && upload.key === key) {
      return upload;
    }
    const message =
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.';
    throw notFound('NoSuchUpload', message, undefined, { UploadId: id });
  }

  return {
    find,
    initiate: (bucket, key, properties) => {
      const id = randomBytes(16).toString('hex').toUpperCase();
      const upload = { id, bucket, key, initiatedMs: now(), properties };
      // Made and removed by a rename: a process that dies in between leaves no half of an upload.
      const made = join(temporaryDir, id);
      mkdirSync(made);
      writeFileSync(join(made, 'upload.json'), JSON.stringify(upload));
      renameSync(made, join(uploadsDir, id));
      const opened = { ...upload, parts: new Map() };
      uploads.set(id, opened);
      return opened;
    },
    list: (bucket) =>
      [...uploads.values()]
        .filter((upload) => upload.bucket === bucket)
        .sort((a, b) => compareUtf8(a.key, b.key) || compareUtf8(a.id, b.id)),
    putPart: async ({ bucket, key, id }, number, source, verify) => {
      const temporaryPath = join(uploadsDir, id, randomUUID());
      const written = await writeObjectFile(temporaryPath, source, (digest) => {
        verify?.(digest);
        const { sizeBytes, md5, crc64 } = digest;
        const eTag = md5.toString('hex').toUpperCase();
        return { key: String(number), sizeBytes, eTag, crc64, lastModifiedMs: now(), headers: {} };
      });
      const upload = find(bucket, key, id); // aborted or completed meanwhile: the folder is gone too
      renameSync(temporaryPath, join(uploadsDir, id, String(number)));
      upload.parts.set(number, written);
      return written;
    },
    read: async function* ({ id }, numbers) {
      for (const number of numbers) {
        yield* (await openObjectFile(join(uploadsDir, id, String(number)))).stream();
      }
    },
    remove: ({ id }) => {
      if (!uploads.delete(id)) {
        return;
      }
      const removed = join(temporaryDir, id);
      renameSync(join(uploadsDir, id), removed);
      rmSync(removed, { recursive: true });
    },
  };
}

function loadUploads(uploadsDir: string, log: Logger): Map<string, OpenUpload> {
  const uploads = new Map<string, OpenUpload>();
  for (const id of readdirSync(uploadsDir)) {
    const dir = join(uploadsDir, id);
    try {
      const upload: Upload = JSON.parse(readFileSync(join(dir, 'upload.json'), 'utf8'));
      const numbers = readdirSync(dir).filter((name) => /^\d+$/.test(name));
      const parts = numbers.map((name) => [Number(name), readObjectMeta(join(dir, name))] as const);
      uploads.set(id, { ...upload, parts: new Map(parts) });
    } catch (error) {
      log.warn('multipart upload left out', { dir, reason: String(error) });
    }
  }
  return uploads;
}
