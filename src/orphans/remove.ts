import type { Line } from '../backfill/journal-file.ts';
import type { ExistingObject, Source } from '../backfill/source.ts';
import { throwIfHopeless, type WorkOptions, workThrough } from '../backfill/work-through.ts';
import { isNotFound } from '../oss/errors.ts';
import { deleteObject, headObject } from '../oss/operations.ts';
import { describeError, formatObject } from '../pipeline/result.ts';
import { findReason, isChangedSince, type Scan, targetsOfSource } from './find.ts';
import { Names } from './names.ts';

interface RemoveOptions extends WorkOptions {
  scan: Scan;
  /** All sources, which are listed once more at the end. */
  sources: Source;
}

/**
 * Deletes the orphans of a source, from where the journal is. Each is asked for once more before: one that was saved
 * since the scan began stays. Resolves and rejects as `workThrough` does; resolves to the number of those that turned out
 * to have a source after all, which was uploaded since the scan began.
 */
export async function removeOrphans(options: RemoveOptions): Promise<number> {
  const { scan, journal, pace, stop } = options;
  const removed = new Names();
  await workThrough(options, {
    findReason: (object) => findReason(object, scan),
    async work(object, item) {
      const source = formatObject(object);
      if (journal.recall(item, source) !== undefined) {
        return;
      }
      await pace.turn(0);
      stop.throwIfAborted();
      const line = await removeOrphan(object, source, options);
      if (line.status === 'failed') {
        stop.throwIfAborted(); // It was given up, so that the next run deletes it.
      }
      if (line.status === 'removed') {
        removed.add(object);
      }
      journal.record(item, line);
      throwIfHopeless(line, journal);
    },
  });
  return stop.aborted ? 0 : countBereaved(options, removed);
}

/** Counts outputs that were deleted, and that a source has which came since the scan began. */
async function countBereaved({ scan, sources }: RemoveOptions, removed: Names): Promise<number> {
  let count = 0;
  for await (const { object } of sources.read()) {
    if (isChangedSince(object.modifiedAt, scan.startedAtMs)) {
      count += targetsOfSource(object, scan.rules).filter((target) => removed.has(target)).length;
    }
  }
  return count;
}

async function removeOrphan(
  { bucket, key }: ExistingObject,
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
