import type { Line } from '../backfill/journal-file.ts';
import type { StoredObject } from '../backfill/source.ts';
import { throwIfHopeless, type WorkOptions, workThrough } from '../backfill/work-through.ts';
import { isNotFound } from '../oss/errors.ts';
import { deleteObject, headObject } from '../oss/operations.ts';
import { describeError, formatObject } from '../pipeline/result.ts';
import { findReason, isChangedSince, type Scan } from './find.ts';

interface RemoveOptions extends WorkOptions {
  scan: Scan;
}

/**
 * Deletes the orphans of a source, from where the journal is. Each is asked for once more before: one that was saved
 * since the scan began stays. Resolves and rejects as `workThrough` does.
 */
export function removeOrphans(options: RemoveOptions): Promise<void> {
  const { scan, journal, pace, stop } = options;
  journal.countRemoved();
  return workThrough(options, {
    findReason: (object) => findReason(object, scan),
    async work(object, item) {
      const source = formatObject(object);
      if (journal.recall(item, source) !== undefined) {
        return true;
      }
      await pace.turn(0);
      stop.throwIfAborted();
      const line = await removeOrphan(object, source, options);
      if (line.status === 'failed' && stop.aborted) {
        return false; // It was given up, so that the next run deletes it.
      }
      journal.record(item, line);
      throwIfHopeless(line, journal);
      return true;
    },
  });
}

async function removeOrphan(
  { bucket, key }: StoredObject,
  source: string,
  { call, scan }: RemoveOptions,
): Promise<Line> {
  try {
    const { lastModified } = await headObject(call, { bucket, key });
    if (isChangedSince(lastModified?.toISOString(), scan.startedAtMs)) {
      return { status: 'skipped', source, reason: 'changed-since' };
    }
    await deleteObject(call, { bucket, key });
    return { status: 'removed', source };
  } catch (error) {
    return isNotFound(error)
      ? { status: 'skipped', source, reason: 'target-missing' }
      : { ...describeError(error), status: 'failed', source };
  }
}
