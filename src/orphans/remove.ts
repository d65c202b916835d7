import type { Line } from '../backfill/journal-file.ts';
import type { ExistingObject, Source } from '../backfill/source.ts';
import { throwIfHopeless, type WorkOptions, workThrough } from '../backfill/work-through.ts';
import { isNotFound } from '../oss/errors.ts';
import { deleteObject, headObject } from '../oss/operations.ts';
import { describeError, formatObject } from '../pipeline/result.ts';
import type { OssObject } from '../process.ts';
import { findReason, isChangedSince, isWanted, type Scan, targetsOfSource } from './find.ts';
import { Names } from './names.ts';

interface RemoveOptions extends WorkOptions {
  scan: Scan;
  /** All sources, which are listed once more at the end. */
  sources: Source;
}

/**
 * Deletes the orphans of a source, from where the journal is. Each is asked for once more before: one that was saved
 * since the scan began stays. Settles as `workThrough` does; resolves to the number of those that may have a source after
 * all, which was uploaded since the journal began.
 */
export async function removeOrphans(options: RemoveOptions): Promise<number> {
  const { scan, journal, pace, stop } = options;
  const removed = new Names();
  // Nobody has kept the names of what earlier runs deleted.
  const hasEarlier = journal.total.removed > 0;
  const mayBeRemoved = (target: OssObject) => (hasEarlier ? isWanted(target, scan) : removed.has(target));
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
  return stop.aborted ? 0 : countBereaved(options, mayBeRemoved);
}

/** Counts outputs that may have been deleted, and that a source has which came since the first scan of this deletion. */
async function countBereaved(
  { scan, sources, journal, stop }: RemoveOptions,
  mayBeRemoved: (target: OssObject) => boolean,
): Promise<number> {
  const firstScanMs = Date.parse(journal.state.startedAt);
  let count = 0;
  for await (const { object } of sources.read()) {
    stop.throwIfAborted();
    if (isChangedSince(object.modifiedAt, firstScanMs)) {
      count += targetsOfSource(object, scan.rules).filter(mayBeRemoved).length;
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
