import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { BucketStore } from '../../../../src/local/oss/operations/operation.ts';
import { bucketSettingsSchema, newBucketSettings } from '../../../../src/local/oss/store/bucket-settings.ts';
import { Store } from '../../../../src/local/oss/store/store.ts';
import { hostileKeys } from '../../../fixtures/hostile-keys.ts';
import { temporaryDir } from '../running-oss.ts';

function open(dataDir: string, setAside = vi.fn()): BucketStore {
  const store = new Store({
    folder: join(dataDir, 'buckets'),
    temporaryFolder: join(dataDir, 'tmp'),
    settingsSchema: bucketSettingsSchema,
    setAside,
    now: () => 1_000,
  });
  store.createBucket('photos', newBucketSettings(1_000));
  return store;
}

const put = (store: BucketStore, key: string, source: Iterable<Buffer> | AsyncIterable<Buffer>) =>
  store.put({ bucket: 'photos', key, source, headers: { 'content-type': 'text/plain' } });

async function read(store: BucketStore, key: string): Promise<string> {
  const object = await store.open('photos', key);
  return Buffer.concat(await object.stream(0, object.meta.sizeBytes - 1).toArray()).toString();
}

async function filesUnder(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('the store', () => {
  it('the store finds every object and its meta again after a restart, listed in byte order', async () => {
    const dataDir = await temporaryDir();
    const before = open(dataDir);
    for (const key of hostileKeys) {
      await put(before, key, [Buffer.from(`body of ${key}`)]);
    }

    const after = open(dataDir);

    const sorted = hostileKeys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(after.bucket('photos').keys).toEqual(sorted);
    for (const key of hostileKeys) {
      expect(await read(after, key)).toBe(`body of ${key}`);
      expect(after.meta('photos', key)).toEqual(before.meta('photos', key));
    }
  });

  it('the store keeps keys sorted and unique however objects come and go', async () => {
    const keys = fc.uniqueArray(
      fc.string({ unit: fc.constantFrom('a', '/', '\u{1F408}', '\uFF5E'), minLength: 1 }),
    );
    await fc.assert(
      fc.asyncProperty(keys, keys, async (added, removed) => {
        const store = open(await temporaryDir());

        for (const key of [...added, ...added]) {
          await put(store, key, []);
        }
        for (const key of removed) {
          store.delete('photos', key);
        }

        const left = added.filter((key) => !removed.includes(key));
        const sorted = left.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(store.bucket('photos').keys).toEqual(sorted);
      }),
      { numRuns: 20 },
    );
  });

  it('the store keeps the earlier object, and no half file, when an upload breaks off', async () => {
    const dataDir = await temporaryDir();
    const store = open(dataDir);
    await put(store, 'a', [Buffer.from('old')]);
    async function* broken() {
      yield Buffer.from('new');
      throw new Error('connection lost');
    }

    await expect(put(store, 'a', broken())).rejects.toThrow('connection lost');

    expect(await read(store, 'a')).toBe('old');
    expect(await readdir(join(dataDir, 'tmp'))).toEqual([]);
  });

  it('the store lets a reader finish the object it opened while it is overwritten and deleted', async () => {
    const store = open(await temporaryDir());
    await put(store, 'a', [Buffer.from('old body')]);
    const opened = await store.open('photos', 'a');

    await put(store, 'a', [Buffer.from('new')]);
    store.delete('photos', 'a');

    expect(opened.meta.sizeBytes).toBe(8);
    expect(Buffer.concat(await opened.stream(0, 7).toArray()).toString()).toBe('old body');
  });

  it('the store agrees with itself after many writers of one key', async () => {
    const dataDir = await temporaryDir();
    const store = open(dataDir);

    await Promise.all(Array.from({ length: 40 }, (_, size) => put(store, 'a', [Buffer.alloc(size + 1)])));

    const opened = await store.open('photos', 'a');
    await opened.close();
    expect(opened.meta).toEqual(store.meta('photos', 'a'));
    expect(open(dataDir).meta('photos', 'a')).toEqual(opened.meta);
  });

  it('the store tells what a write replaced', async () => {
    const store = open(await temporaryDir());
    await put(store, 'a', [Buffer.from('12345')]);

    const { meta, previous } = await put(store, 'a', [Buffer.from('12')]);

    expect([meta.sizeBytes, previous?.sizeBytes]).toEqual([2, 5]);
    expect(meta.eTag).toBe('C20AD4D76FE97759AA27A0C99BFF6710');
  });

  it('the store opens no damaged file, and leaves it out at start, and says so', async () => {
    const dataDir = await temporaryDir();
    const before = open(dataDir);
    await put(before, 'a', [Buffer.from('body')]);
    const files = await filesUnder(join(dataDir, 'buckets'));
    await Promise.all(
      files.filter((file) => !file.endsWith('settings.json')).map((file) => truncate(file, 10)),
    );

    const setAside = vi.fn();
    await expect(before.open('photos', 'a')).rejects.toThrow('is not an object of the local OSS');
    const after = open(dataDir, setAside);

    expect(after.bucket('photos').keys).toEqual([]);
    expect(setAside).toHaveBeenCalledOnce();
  });

  it('the store keeps the objects of a bucket whose settings are gone, and gives it those of a new one', async () => {
    const dataDir = await temporaryDir();
    const before = open(dataDir);
    await put(before, 'a', [Buffer.from('sound')]);
    before.changeSettings('photos', { acl: 'public-read' });
    await rm(join(dataDir, 'buckets/photos/settings.json'));
    const setAside = vi.fn(() => {
      throw new Error('there is nothing to set aside');
    });

    const after = open(dataDir, setAside);

    expect(after.bucket('photos')).toMatchObject({ keys: ['a'], settings: { acl: 'private' } });
    expect(await read(after, 'a')).toBe('sound');
  });

  it('the store leaves out a file whose body was cut, although its end is whole', async () => {
    const dataDir = await temporaryDir();
    await put(open(dataDir), 'a', [Buffer.from('a body')]);
    const files = await filesUnder(join(dataDir, 'buckets'));
    for (const file of files.filter((each) => !each.endsWith('settings.json'))) {
      await writeFile(file, (await readFile(file)).subarray(1));
    }

    const setAside = vi.fn();
    expect(open(dataDir, setAside).bucket('photos').keys).toEqual([]);
    expect(setAside).toHaveBeenCalledExactlyOnceWith(
      expect.any(String),
      expect.objectContaining({ message: expect.stringContaining('damaged') }),
    );
  });

  it('the store deletes an object whose file is gone', async () => {
    const dataDir = await temporaryDir();
    const store = open(dataDir);
    await put(store, 'a', [Buffer.from('body')]);
    const files = await filesUnder(join(dataDir, 'buckets'));
    await Promise.all(files.map((file) => rm(file)));

    expect(store.delete('photos', 'a')?.sizeBytes).toBe(4);
    expect(store.bucket('photos').keys).toEqual([]);
  });

  it('the store drops an upload whose bucket was deleted meanwhile', async () => {
    const dataDir = await temporaryDir();
    const store = open(dataDir);
    async function* slow() {
      yield Buffer.from('body');
      store.removeBucket('photos');
    }

    await expect(put(store, 'a', slow())).rejects.toThrow(expect.objectContaining({ code: 'NoSuchBucket' }));

    await expect.poll(() => filesUnder(dataDir)).toEqual([]);
  });
});
