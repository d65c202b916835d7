import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from '../../log.ts';
import { notFound, OssError } from './errors.ts';
import { compareUtf8, insertSorted, removeSorted } from './listing.ts';
import {
  type ObjectMeta,
  type OpenObject,
  openObjectFile,
  readObjectMeta,
  writeObjectFile,
} from './object-file.ts';

export interface StoredBucket {
  readonly name: string;
  readonly createdMs: number;
  /** In the order of their UTF-8 bytes. */
  readonly keys: readonly string[];
  readonly objects: ReadonlyMap<string, ObjectMeta>;
}

export interface PutOptions {
  readonly bucket: string;
  readonly key: string;
  readonly source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly headers: Readonly<Record<string, string>>;
  /** Called before the object becomes visible; what it throws leaves the earlier object in place. */
  readonly verify?: (md5: Buffer) => void;
}

export interface Store {
  bucketNames(): string[];
  /** Throws NoSuchBucket, as every method below that is given a bucket. */
  bucket(name: string): StoredBucket;
  /** Makes a bucket; one that exists stays as it is. */
  createBucket(name: string): void;
  /** Throws BucketNotEmpty. */
  deleteBucket(name: string): void;
  /** Throws NoSuchKey. */
  meta(bucket: string, key: string): ObjectMeta;
  /** Opens an object whole, as it is now; later writes do not touch it. */
  open(bucket: string, key: string): Promise<OpenObject>;
  put(options: PutOptions): Promise<{ meta: ObjectMeta; previous: ObjectMeta | undefined }>;
  /** The object that was deleted, if there was one. */
  delete(bucket: string, key: string): ObjectMeta | undefined;
}

interface Bucket extends StoredBucket {
  readonly keys: string[];
  readonly objects: Map<string, ObjectMeta>;
}

/**
 * Buckets and objects under `dataDir`: `buckets/{bucket}/{hh}/{SHA-256 of the key}`, so that a key of any length, with
 * `..`, or differing from another only in case is safe. Metas are held in memory, read from the files at start.
 */
export function openStore(dataDir: string, now: () => number, log: Logger): Store {
  const bucketsDir = join(dataDir, 'buckets');
  const temporaryDir = join(dataDir, 'tmp');
  rmSync(temporaryDir, { recursive: true, force: true });
  for (const dir of [bucketsDir, temporaryDir]) mkdirSync(dir, { recursive: true });
  const buckets = loadBuckets(bucketsDir, log);

  const find = (name: string): Bucket => {
    const bucket = buckets.get(name);
    if (bucket === undefined)
      throw notFound('NoSuchBucket', 'The specified bucket does not exist.', '0015-00000101', {
        BucketName: name,
      });
    return bucket;
  };
  const objectPath = (bucket: string, key: string): string => {
    const hash = createHash('sha256').update(key).digest('hex');
    return join(bucketsDir, bucket, hash.slice(0, 2), hash);
  };
  const meta = (name: string, key: string): ObjectMeta => {
    const found = find(name).objects.get(key);
    if (found === undefined)
      throw notFound('NoSuchKey', 'The specified key does not exist.', '0026-00000001', { Key: key });
    return found;
  };

  /*
   * Renames and unlinks are synchronous, in one turn with the change of the index: two writers of one key could
   * otherwise finish in one order on disk and in the other in memory.
   */
  function publish(name: string, temporaryPath: string, written: ObjectMeta): ObjectMeta | undefined {
    const bucket = find(name);
    const path = objectPath(name, written.key);
    const previous = bucket.objects.get(written.key);
    mkdirSync(dirname(path), { recursive: true });
    renameSync(temporaryPath, path);
    bucket.objects.set(written.key, written);
    insertSorted(bucket.keys, written.key);
    return previous;
  }

  async function put({ bucket, key, source, headers, verify }: PutOptions) {
    find(bucket);
    const temporaryPath = join(temporaryDir, randomUUID());
    const written = await writeObjectFile(temporaryPath, source, (sizeBytes, md5) => {
      verify?.(md5);
      return { key, sizeBytes, eTag: md5.toString('hex').toUpperCase(), lastModifiedMs: now(), headers };
    });
    try {
      return { meta: written, previous: publish(bucket, temporaryPath, written) };
    } catch (error) {
      rmSync(temporaryPath, { force: true });
      throw error;
    }
  }

  function deleteObject(name: string, key: string): ObjectMeta | undefined {
    const bucket = find(name);
    const previous = bucket.objects.get(key);
    if (previous === undefined) return undefined;
    unlinkSync(objectPath(name, key));
    bucket.objects.delete(key);
    removeSorted(bucket.keys, key);
    return previous;
  }

  return {
    bucketNames: () => [...buckets.keys()].sort(),
    bucket: find,
    createBucket: (name) => {
      if (buckets.has(name)) return;
      const createdMs = now();
      const made = join(temporaryDir, randomUUID());
      mkdirSync(made);
      writeFileSync(join(made, 'created'), String(createdMs));
      renameSync(made, join(bucketsDir, name));
      buckets.set(name, { name, createdMs, keys: [], objects: new Map() });
    },
    deleteBucket: (name) => {
      if (find(name).objects.size > 0) throw bucketNotEmpty();
      const removed = join(temporaryDir, randomUUID());
      renameSync(join(bucketsDir, name), removed);
      buckets.delete(name);
      rmSync(removed, { recursive: true, force: true });
    },
    meta,
    open: async (bucket, key) => {
      meta(bucket, key);
      return openObjectFile(objectPath(bucket, key)).catch((error: unknown) => {
        meta(bucket, key); // deleted a moment ago: NoSuchKey, as if it had been asked for a moment later
        throw error;
      });
    },
    put,
    delete: deleteObject,
  };
}

function loadBuckets(bucketsDir: string, log: Logger): Map<string, Bucket> {
  const buckets = new Map<string, Bucket>();
  for (const entry of readdirSync(bucketsDir, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const { name } = entry;
    const dir = join(bucketsDir, name);
    const objects = new Map(loadMetas(dir, log).map((meta) => [meta.key, meta] as const));
    const createdMs = Number(readFileSync(join(dir, 'created'), 'utf8'));
    buckets.set(name, { name, createdMs, keys: [...objects.keys()].sort(compareUtf8), objects });
  }
  return buckets;
}

function loadMetas(bucketDir: string, log: Logger): ObjectMeta[] {
  const metas: ObjectMeta[] = [];
  for (const entry of readdirSync(bucketDir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || entry.name === 'created') continue;
    const path = join(entry.parentPath, entry.name);
    try {
      metas.push(readObjectMeta(path));
    } catch (error) {
      // Left in place: a person may still want to look at it.
      log.warn('stored object left out', { path, reason: String(error) });
    }
  }
  return metas;
}

function bucketNotEmpty(): OssError {
  const message = 'The bucket you tried to delete is not empty.';
  return new OssError({ statusCode: 409, code: 'BucketNotEmpty', message });
}
