import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from '../../../log.ts';
import { notFound, OssError } from '../http/errors.ts';
import {
  type Bucket,
  type BucketSettings,
  defaultSettings,
  loadBuckets,
  type StoredBucket,
} from './buckets.ts';
import { insertSorted, removeSorted } from './listing.ts';
import {
  type Bytes,
  type Digest,
  type ObjectMeta,
  type ObjectProperties,
  type OpenObject,
  openObjectFile,
  writeObjectFile,
} from './object-file.ts';

export interface PutOptions extends ObjectProperties {
  readonly bucket: string;
  readonly key: string;
  readonly source: Bytes;
  /** The body's MD5 unless given. */
  readonly eTag?: string;
  readonly lastModifiedMs?: number;
  /** Called when all bytes have passed; what it throws leaves the earlier object in place. */
  readonly verify?: ((digest: Digest) => void) | undefined;
  /** Called with the earlier object, if any, right before it is replaced; what it throws leaves it in place. */
  readonly guard?: ((previous: ObjectMeta | undefined) => void) | undefined;
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
  /** Changes what is kept of an object besides its bytes, which are copied; ETag and date stay. */
  change(bucket: string, key: string, properties: Partial<ObjectProperties>): Promise<ObjectMeta>;
  changeSettings(bucket: string, settings: Partial<BucketSettings>): void;
  /** The object that was deleted, if there was one. */
  delete(bucket: string, key: string): ObjectMeta | undefined;
}

/**
 * Buckets and objects under `dataDir`: `buckets/{bucket}/{hh}/{SHA-256 of the key}`, so that a key of any length, with
 * `..`, or differing from another only in case is safe. Metas are held in memory, read from the files at start.
 */
export function openStore(dataDir: string, now: () => number, log: Logger): Store {
  const bucketsDir = join(dataDir, 'buckets');
  const temporaryDir = join(dataDir, 'tmp');
  rmSync(temporaryDir, { recursive: true, force: true });
  for (const dir of [bucketsDir, temporaryDir]) {
    mkdirSync(dir, { recursive: true });
  }
  const buckets = loadBuckets(bucketsDir, log);

  const find = (name: string): Bucket => {
    const bucket = buckets.get(name);
    if (bucket === undefined) {
      throw notFound('NoSuchBucket', 'The specified bucket does not exist.', '0015-00000101', {
        BucketName: name,
      });
    }
    return bucket;
  };
  const objectPath = (bucket: string, key: string): string => {
    const hash = createHash('sha256').update(key).digest('hex');
    return join(bucketsDir, bucket, hash.slice(0, 2), hash);
  };
  const meta = (name: string, key: string): ObjectMeta => {
    const found = find(name).objects.get(key);
    if (found === undefined) {
      throw notFound('NoSuchKey', 'The specified key does not exist.', '0026-00000001', { Key: key });
    }
    return found;
  };

  /*
   * Renames and unlinks are synchronous, in one turn with the change of the index: two writers of one key could
   * otherwise finish in one order on disk and in the other in memory.
   */
  function publish(name: string, temporaryPath: string, written: ObjectMeta, guard: PutOptions['guard']) {
    const bucket = find(name);
    const path = objectPath(name, written.key);
    const previous = bucket.objects.get(written.key);
    guard?.(previous);
    mkdirSync(dirname(path), { recursive: true });
    renameSync(temporaryPath, path);
    bucket.objects.set(written.key, written);
    insertSorted(bucket.keys, written.key);
    return previous;
  }

  async function put({ bucket, source, verify, guard, ...properties }: PutOptions) {
    find(bucket);
    const temporaryPath = join(temporaryDir, randomUUID());
    const written = await writeObjectFile(temporaryPath, source, (digest) => {
      verify?.(digest);
      const { sizeBytes, md5, crc64 } = digest;
      const eTag = md5.toString('hex').toUpperCase();
      return { eTag, lastModifiedMs: now(), ...properties, sizeBytes, crc64 };
    });
    try {
      return { meta: written, previous: publish(bucket, temporaryPath, written, guard) };
    } catch (error) {
      rmSync(temporaryPath, { force: true });
      throw error;
    }
  }

  async function open(bucket: string, key: string): Promise<OpenObject> {
    meta(bucket, key);
    return openObjectFile(objectPath(bucket, key)).catch((error: unknown) => {
      meta(bucket, key); // deleted a moment ago: NoSuchKey, as if it had been asked for a moment later
      throw error;
    });
  }

  async function change(
    bucket: string,
    key: string,
    properties: Partial<ObjectProperties>,
  ): Promise<ObjectMeta> {
    const current = meta(bucket, key);
    const source = (await open(bucket, key)).stream();
    let isOvertaken = false;
    const guard = (previous: ObjectMeta | undefined) => {
      isOvertaken = previous !== current;
      if (isOvertaken) {
        throw new Error(`${bucket}/${key} was replaced meanwhile`);
      }
    };
    try {
      return (await put({ ...current, ...properties, bucket, source, guard })).meta;
    } catch (error) {
      if (isOvertaken) {
        return change(bucket, key, properties);
      }
      throw error;
    }
  }

  function deleteObject(name: string, key: string): ObjectMeta | undefined {
    const bucket = find(name);
    const previous = bucket.objects.get(key);
    if (previous === undefined) {
      return undefined;
    }
    unlinkSync(objectPath(name, key));
    bucket.objects.delete(key);
    removeSorted(bucket.keys, key);
    return previous;
  }

  return {
    bucketNames: () => [...buckets.keys()].sort(),
    bucket: find,
    createBucket: (name) => {
      if (buckets.has(name)) {
        return;
      }
      const createdMs = now();
      const made = join(temporaryDir, randomUUID());
      mkdirSync(made);
      writeFileSync(join(made, 'created'), String(createdMs));
      renameSync(made, join(bucketsDir, name));
      buckets.set(name, { name, createdMs, keys: [], objects: new Map(), settings: defaultSettings });
    },
    deleteBucket: (name) => {
      if (find(name).objects.size > 0) {
        throw bucketNotEmpty();
      }
      const removed = join(temporaryDir, randomUUID());
      renameSync(join(bucketsDir, name), removed);
      buckets.delete(name);
      rmSync(removed, { recursive: true, force: true });
    },
    meta,
    open,
    put,
    change,
    changeSettings: (name, settings) => {
      const bucket = find(name);
      const temporaryPath = join(temporaryDir, randomUUID());
      bucket.settings = { ...bucket.settings, ...settings };
      writeFileSync(temporaryPath, JSON.stringify(bucket.settings));
      renameSync(temporaryPath, join(bucketsDir, name, 'settings.json'));
    },
    delete: deleteObject,
  };
}

function bucketNotEmpty(): OssError {
  const message = 'The bucket you tried to delete is not empty.';
  return new OssError({ statusCode: 409, code: 'BucketNotEmpty', message });
}
