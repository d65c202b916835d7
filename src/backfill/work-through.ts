import PQueue from 'p-queue';
import type { Call } from '../oss/call.ts';
import type { Item, Journal } from './journal.ts';
import type { Pace } from './pace.ts';
import type { ExistingObject, Source } from './source.ts';

/** Everything that a job works with. */
export interface WorkOptions {
  source: Source;
  journal: Journal;
  call: Call;
  pace: Pace;
  sleep: (delayMs: number) => Promise<unknown>;
  stop: AbortSignal;
}

/** A job's own part in working through objects. */
interface ObjectWork {
  /** Why there is nothing to do about an object, where that is known without asking for it. */
  findReason: (object: ExistingObject) => string | undefined;
  /** Rejects where `stop` came before the object was done with. */
  work: (object: ExistingObject, item: Item) => Promise<void>;
}

/** Calls that may take so long to be answered do not keep the rate from being reached. */
const secondsPerCall = 4;
const maxConcurrency = 256;

/**
 * Works on the objects of a source, many at once, from where the journal is. Resolves at the end of the source or of the
 * journal's run, or soon after `stop`: calls under way are waited for, and each that ends is in the journal. Rejects
 * where the journal or the source fails, or everything that is tried.
 */
export async function workThrough(
  { source, journal, pace, stop }: WorkOptions,
  { findReason, work }: ObjectWork,
): Promise<void> {
  const queue = new PQueue({ concurrency: 1 });
  let failure: Error | undefined;
  try {
    for await (const { object, position } of source.read(journal.state.position)) {
      if (stop.aborted || failure !== undefined || journal.isAtEnd()) {
        break;
      }
      const reason = findReason(object);
      const item = journal.begin(position, { objects: 1, selected: Number(reason === undefined) });
      if (reason !== undefined) {
        journal.skip(item, reason);
        journal.end(item);
        continue;
      }
      queue.concurrency = Math.min(maxConcurrency, Math.ceil(pace.rate() * secondsPerCall));
      void queue.add(async () => {
        try {
          await work(object, item);
          journal.end(item);
        } catch (error) {
          failure ??= error instanceof Error ? error : new Error(String(error));
        }
      });
      await queue.onSizeLessThan(1);
    }
  } finally {
    await queue.onIdle();
  }
  if (failure !== undefined && !stop.aborted) {
    throw failure;
  }
}

/** More than chance or bad pictures explain: permissions, a wrong region, a named style that is not there. */
const maxFailuresInARow = 100;

/** Throws where nothing but failures came for long. */
export function throwIfHopeless(
  { status, message }: { status: string; message?: unknown },
  { failuresInARow }: Journal,
): void {
  if (status === 'failed' && failuresInARow >= maxFailuresInARow) {
    throw new Error(`the last ${maxFailuresInARow} outputs all failed, the very last by: ${message}`);
  }
}
