import PQueue from 'p-queue';
import type { Call } from '../oss/call.ts';
import type { Journal } from './journal.ts';
import type { Pace } from './pace.ts';
import type { Source } from './source.ts';

/** Everything that a backfill works with. */
export interface WorkOptions {
  source: Source;
  journal: Journal;
  call: Call;
  pace: Pace;
  sleep: (delayMs: number) => Promise<unknown>;
  stop: AbortSignal;
}

/** A call may take this long to be answered, and the rate is reached all the same. */
const secondsPerCall = 4;
const maxConcurrency = 256;

/**
 * Works on entries, many at once: `begin` answers what there is to do about one, or undefined where that is
 * nothing. Resolves when all is done, or soon after `stop`: it waits for the work under way. Rejects where
 * the entries, `begin` or the work on one of them fails.
 */
export async function workThrough<T>(
  entries: AsyncIterable<T>,
  { pace, stop }: Pick<WorkOptions, 'pace' | 'stop'>,
  begin: (entry: T) => (() => Promise<void>) | undefined,
): Promise<void> {
  const queue = new PQueue({ concurrency: 1 });
  let failure: Error | undefined;
  const fail = (error: unknown) => {
    failure ??= error instanceof Error ? error : new Error(String(error));
  };
  try {
    for await (const entry of entries) {
      if (stop.aborted || failure !== undefined) {
        break;
      }
      const work = begin(entry);
      if (work !== undefined) {
        queue.concurrency = Math.min(maxConcurrency, Math.ceil(pace.rate() * secondsPerCall));
        queue.add(work).catch(fail);
        await queue.onSizeLessThan(1);
      }
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
export function throwIfHopeless(failuresInARow: number, message: unknown): void {
  if (failuresInARow >= maxFailuresInARow) {
    throw new Error(`the last ${maxFailuresInARow} outputs all failed, the very last by: ${message}`);
  }
}
