import type { ExistingObject, Source } from '../backfill/source.ts';
import { FailureStreak, type WorkOptions, workThrough } from '../backfill/work-through.ts';
import { isNotFound } from '../oss/errors.ts';
import { deleteObject, headObject } from '../oss/operations.ts';
import { describeError } from '../pipeline/result.ts';
import { isChangedSince, orphansOf, type Scan, targetsOfSource } from './find.ts';
import { Names } from './names.ts';

interface RemoveOptions extends Pick<WorkOptions, 'source' | 'call' | 'pace' | 'stop'> {
  scan: Scan;
  /** All sources, which are listed again at the end. */
  sources: Source;
}

/** The results so far. */
export interface Removal {
  /** How many were `removed`, how many `failed`, and how many were left alone, by reason. */
  counts: { removed: number; failed: number } & Record<string, number>;
  /** The reasons of the first failures. */
  failures: string[];
}

const maxFailuresReported = 20;

/**
 * Deletes the orphans of a source, except those saved since the scan began, and reports to `removal` what
 * became of its objects. Settles like `workThrough`, and rejects after a long streak of failures. Resolves to
 * the number of deleted objects that may have a source after all, uploaded since the scan.
 */
export async function removeOrphans(options: RemoveOptions, { counts, failures }: Removal): Promise<number> {
  const { source, scan, pace, stop } = options;
  const removed = new Names();
  const streak = new FailureStreak();
  const count = (end: string) => {
    counts[end] = (counts[end] ?? 0) + 1;
  };
  const work = async (object: ExistingObject) => {
    await pace.turn(0);
    try {
      const end = await removeOrphan(object, options);
      count(end);
      streak.end();
      if (end === 'removed') {
        removed.add(object);
      }
    } catch (error) {
      stop.throwIfAborted(); // The call was aborted, and did not fail.
      const { message } = describeError(error);
      count('failed');
      if (failures.length < maxFailuresReported) {
        failures.push(message);
      }
      streak.add(1, message);
    }
  };
  await workThrough(orphansOf(source, scan, counts), options, work);
  return stop.aborted ? 0 : countAffected(options, removed);
}

/** Counts deleted outputs that belong to a source which was uploaded since the scan. */
async function countAffected({ scan, sources, stop }: RemoveOptions, removed: Names): Promise<number> {
  let count = 0;
  for await (const { object } of sources.read()) {
    stop.throwIfAborted();
    count += targetsOfSource(object, scan.rules).filter((target) => removed.has(target)).length;
  }
  return count;
}

/** Deletes an object, or says why it is left alone. Throws what a call to OSS throws. */
async function removeOrphan(
  { bucket, key }: ExistingObject,
  { call, scan }: RemoveOptions,
): Promise<'removed' | 'changed-since' | 'target-missing'> {
  try {
    const { lastModified } = await headObject(call, { bucket, key });
    if (isChangedSince(lastModified?.toISOString(), scan.startedAtMs)) {
      return 'changed-since';
    }
    await deleteObject(call, { bucket, key });
    return 'removed';
  } catch (error) {
    if (isNotFound(error)) {
      return 'target-missing';
    }
    throw error;
  }
}
