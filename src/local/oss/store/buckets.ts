import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ZodType } from 'zod';
import type { Quarantine } from '../../data-folder.ts';
import { compareUtf8 } from './listing.ts';
import type { ObjectMeta } from './object.ts';
import { readObjectMeta } from './object-file.ts';

/** A folder of objects, with settings of its own. */
export interface Bucket<Settings> {
  /** Sorted by their UTF-8 bytes. */
  readonly keys: string[];
  readonly objects: Map<string, ObjectMeta>;
  settings: Settings;
}

export const settingsFile = 'settings.json';

/** Loads the buckets of a folder: see `Store`. Lost settings are the schema's default, if it has one. */
export function loadBuckets<Settings>(folder: string, schema: ZodType<Settings>, setAside: Quarantine) {
  const buckets = new Map<string, Bucket<Settings>>();
  for (const name of readdirSync(folder)) {
    const dir = join(folder, name);
    try {
      const objects = new Map(loadMetas(dir, setAside).map((meta) => [meta.key, meta]));
      const keys = [...objects.keys()].sort(compareUtf8);
      buckets.set(name, { keys, objects, settings: loadSettings(dir, schema, setAside) });
    } catch (error) {
      rethrowRefusal(error);
      setAside(dir, error);
    }
  }
  return buckets;
}

function loadMetas(dir: string, setAside: Quarantine): ObjectMeta[] {
  const files = readdirSync(dir, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return files.flatMap(({ name, parentPath }) => {
    const path = join(parentPath, name);
    try {
      return name === settingsFile ? [] : [readObjectMeta(path)];
    } catch (error) {
      rethrowRefusal(error);
      setAside(path, error);
      return [];
    }
  });
}

function loadSettings<Settings>(dir: string, schema: ZodType<Settings>, setAside: Quarantine) {
  const path = join(dir, settingsFile);
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    rethrowRefusal(error);
    const settings = schema.parse(undefined);
    if (existsSync(path)) {
      setAside(path, error);
    }
    return settings;
  }
}

/** Rethrows refusals of the system, such as EACCES: a file that we may not read is not damaged. */
function rethrowRefusal(error: unknown): void {
  const isOfSystem = error instanceof Error && 'syscall' in error && 'code' in error;
  if (isOfSystem && error.code !== 'ENOENT' && error.code !== 'ENOTDIR') {
    throw error;
  }
}
