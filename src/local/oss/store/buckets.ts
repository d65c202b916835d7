import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../../log.ts';
import { compareUtf8 } from './listing.ts';
import { type ObjectMeta, readObjectMeta } from './object-file.ts';

export interface Style {
  readonly content: string;
  readonly category: string;
  readonly createdMs: number;
  readonly modifiedMs: number;
}

export interface BucketSettings {
  readonly acl: string;
  readonly storageClass: string;
  readonly styles: Readonly<Record<string, Style>>;
}

export interface StoredBucket {
  readonly name: string;
  readonly createdMs: number;
  /** In the order of their UTF-8 bytes. */
  readonly keys: readonly string[];
  readonly objects: ReadonlyMap<string, ObjectMeta>;
  readonly settings: BucketSettings;
}

/** A bucket that its store changes. */
export interface Bucket extends StoredBucket {
  readonly keys: string[];
  readonly objects: Map<string, ObjectMeta>;
  settings: BucketSettings;
}

export const defaultSettings: BucketSettings = { acl: 'private', storageClass: 'Standard', styles: {} };

/** The buckets under a folder, as they were left: see `openStore`. */
export function loadBuckets(bucketsDir: string, log: Logger): Map<string, Bucket> {
  const buckets = new Map<string, Bucket>();
  for (const entry of readdirSync(bucketsDir, { withFileTypes: true })) {
    if (!entry.isDirectory()) {
      continue;
    }
    const { name } = entry;
    const dir = join(bucketsDir, name);
    const objects = new Map(loadMetas(dir, log).map((meta) => [meta.key, meta] as const));
    const createdMs = Number(readFileSync(join(dir, 'created'), 'utf8'));
    const keys = [...objects.keys()].sort(compareUtf8);
    buckets.set(name, { name, createdMs, keys, objects, settings: loadSettings(dir) });
  }
  return buckets;
}

function loadSettings(dir: string): BucketSettings {
  const path = join(dir, 'settings.json');
  return existsSync(path)
    ? { ...defaultSettings, ...JSON.parse(readFileSync(path, 'utf8')) }
    : defaultSettings;
}

function loadMetas(bucketDir: string, log: Logger): ObjectMeta[] {
  const metas: ObjectMeta[] = [];
  for (const entry of readdirSync(bucketDir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || /^(created|settings\.json)$/.test(entry.name)) {
      continue;
    }
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
