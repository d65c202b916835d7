import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ZodType } from 'zod';
import type { Quarantine } from '../../data-folder.ts';
import { notFound } from '../http/errors.ts';
import { type Bucket, loadBuckets, settingsFile } from './buckets.ts';
import { placeOf } from './listing.ts';
import type { Bytes, Digest, ObjectMeta, ObjectProperties, StoredObject } from './object.ts';
import { openObjectFile, writeObjectFile } from './object-file.ts';

export interface StoreOptions<Settings> {
  /** Contains a folder for each bucket. */
  readonly folder: string;
  /** For incomplete files, on the same disk. It may be emptied at start. */
  readonly temporaryFolder: string;
  /** Its default replaces lost settings; without a default, such a bucket is set aside. */
  readonly settingsSchema: ZodType<Settings>;
  readonly setAside: Quarantine;
  readonly now: () => number;
}

export interface PutOptions extends ObjectProperties {
  readonly bucket: string;
  readonly key: string;
  readonly source: Bytes;
  /** By default the body's MD5. */
  readonly eTag?: string | undefined;
  /** Keeps the body's MD5 if the ETag is another. */
  readonly keepsMd5?: boolean | undefined;
  /** Called after the last byte; if it throws, the earlier object stays in place. */
  readonly verify?: ((digest: Digest) => void) | undefined;
  /** Called with the earlier object, if any, before it is replaced; if it throws, that stays in place. */
  readonly guard?: ((previous: ObjectMeta | undefined) => void) | undefined;
}

/**
 * Buckets and objects in files: `{bucket}/{hh}/{SHA-256 of the key}`, so that a key of any length, with `..`,
 * or differing from another only in case is safe. Metas are held in memory, read from the files at start.
 *
 * Renames and unlinks are synchronous, in one turn with the change of the index: two writers of one key could
 * otherwise end in one order on disk and in the other in memory. What is given a bucket throws NoSuchBucket.
 */
export class Store<Settings> {
  readonly #options: StoreOptions<Settings>;
  readonly #buckets: Map<string, Bucket<Settings>>;

  constructor(options: StoreOptions<Settings>) {
    const { folder, temporaryFolder, settingsSchema, setAside } = options;
    this.#options = options;
    mkdirSync(folder, { recursive: true });
    mkdirSync(temporaryFolder, { recursive: true });
    this.#buckets = loadBuckets(folder, settingsSchema, setAside);
  }

  bucketNames(): string[] {
    return [...this.#buckets.keys()].sort();
  }

  has(bucket: string): boolean {
    return this.#buckets.has(bucket);
  }

  /** The present state of a bucket; throws NoSuchBucket. */
  bucket(name: string): Bucket<Settings> {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      const extra = { BucketName: name };
      throw notFound('NoSuchBucket', 'The specified bucket does not exist.', { ec: '0015-00000101', extra });
    }
    return bucket;
  }

  /** Creates a bucket by one rename, so that no crash leaves half of one. An existing one stays as it is. */
  createBucket(name: string, settings: Settings): void {
    if (this.#buckets.has(name)) {
      return;
    }
    const made = this.#temporaryPath();
    mkdirSync(made);
    writeFileSync(join(made, settingsFile), JSON.stringify(settings));
    renameSync(made, join(this.#options.folder, name));
    this.#buckets.set(name, { keys: [], objects: new Map(), settings });
  }

  /** Changes some settings of a bucket, first on disk. */
  changeSettings(name: string, settings: Partial<Settings>): void {
    const bucket = this.bucket(name);
    const temporaryPath = this.#temporaryPath();
    const changed = { ...bucket.settings, ...settings };
    writeFileSync(temporaryPath, JSON.stringify(changed));
    renameSync(temporaryPath, join(this.#options.folder, name, settingsFile));
    bucket.settings = changed;
  }

  /** Removes a bucket with everything in it. */
  removeBucket(name: string): void {
    const removed = this.#temporaryPath();
    renameSync(join(this.#options.folder, name), removed);
    this.#buckets.delete(name);
    // The next start removes files that are left if we stop, or are refused, before the end.
    rm(removed, { recursive: true, force: true }).catch(() => {});
  }

  /** Everything that is stored about an object besides its bytes; throws NoSuchKey. */
  meta(bucket: string, key: string): ObjectMeta {
    const meta = this.bucket(bucket).objects.get(key);
    if (meta === undefined) {
      const extra = { Key: key };
      throw notFound('NoSuchKey', 'The specified key does not exist.', { ec: '0026-00000001', extra });
    }
    return meta;
  }

  /** Opens an object in the turn that finds it, so that meta and bytes always match. Throws NoSuchKey. */
  async open(bucket: string, key: string): Promise<StoredObject> {
    return openObjectFile(this.#objectPath(bucket, key), this.meta(bucket, key));
  }

  /** Streams a body to disk, then publishes it as an object; also returns the earlier one, if any. */
  async put({ bucket, key, source, verify, guard, keepsMd5, ...properties }: PutOptions) {
    const temporaryPath = this.#temporaryPath();
    const meta = await writeObjectFile(temporaryPath, source, (digest) => {
      verify?.(digest);
      const { sizeBytes, md5, crc64 } = digest;
      const { eTag = md5.toString('hex').toUpperCase() } = properties;
      const contentMd5 = keepsMd5 === true ? md5.toString('base64') : undefined;
      return { ...properties, key, sizeBytes, eTag, crc64, contentMd5, lastModifiedMs: this.#options.now() };
    });
    return { meta, previous: this.#publish(bucket, meta, temporaryPath, guard) };
  }

  /** Changes an object's properties, not its ETag or date; again if the object was replaced meanwhile. */
  async changeProperties(bucket: string, key: string, properties: Partial<ObjectProperties>): Promise<void> {
    const object = await this.open(bucket, key);
    const temporaryPath = this.#temporaryPath();
    const changed = { ...object.meta, ...properties };
    await writeObjectFile(temporaryPath, object.stream(), () => changed);
    if (this.#buckets.get(bucket)?.objects.get(key) === object.meta) {
      this.#publish(bucket, changed, temporaryPath);
      return;
    }
    rmSync(temporaryPath);
    await this.changeProperties(bucket, key, properties);
  }

  /** Deletes an object and returns its meta; undefined if there was none. */
  delete(name: string, key: string): ObjectMeta | undefined {
    const bucket = this.bucket(name);
    const previous = bucket.objects.get(key);
    if (previous !== undefined) {
      rmSync(this.#objectPath(name, key), { force: true });
      bucket.objects.delete(key);
      bucket.keys.splice(placeOf(key, bucket.keys), 1);
    }
    return previous;
  }

  /** Moves a written file to its place; returns the earlier object, if any. */
  #publish(name: string, meta: ObjectMeta, temporaryPath: string, guard?: PutOptions['guard']) {
    try {
      const bucket = this.bucket(name);
      const previous = bucket.objects.get(meta.key);
      guard?.(previous);
      const path = this.#objectPath(name, meta.key);
      mkdirSync(dirname(path), { recursive: true });
      renameSync(temporaryPath, path);
      bucket.objects.set(meta.key, meta);
      if (previous === undefined) {
        bucket.keys.splice(placeOf(meta.key, bucket.keys), 0, meta.key);
      }
      return previous;
    } catch (error) {
      rmSync(temporaryPath, { force: true });
      throw error;
    }
  }

  #objectPath(bucket: string, key: string): string {
    const hash = createHash('sha256').update(key).digest('hex');
    return join(this.#options.folder, bucket, hash.slice(0, 2), hash);
  }

  #temporaryPath(): string {
    return join(this.#options.temporaryFolder, randomUUID());
  }
}
