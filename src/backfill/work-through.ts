import PQueue from 'p-queue';
import type { Call } from '../oss/call.ts';
import type { Journal } from './journal.ts';
import type { Pace } from './pace.ts';
import type { Source } from './source.ts';

/** Everything that a backfill works with. */
export interface WorkOptions {
  source: Source;
  journal: Journal;
  streak: FailureStreak;
  call: Call;
  pace: Pace;
  sleep: (delayMs: number) => Promise<unknown>;
  stop: AbortSignal;
}

/** A call may take this long to be answered, and the rate is reached all the same. */
const secondsPerCall = 4;
const maxConcurrency = 256;

/**
 * Works on entries, many at once. Resolves when all is done, or soon after `stop`: it waits for the work
 * under way. Rejects where the entries, or the work on one of them, fail.
 */
export async function workThrough<T>(
  entries: AsyncIterable<T>,
  { pace, stop }: Pick<WorkOptions, 'pace' | 'stop'>,
  work: (entry: T) => Promise<void>,
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
      queue.concurrency = Math.min(maxConcurrency, Math.ceil(pace.rate() * secondsPerCall));
      queue.add(() => work(entry)).catch(fail);
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

/** Counts failures that come one after the other, and throws where nothing else came for long. */
export class FailureStreak {
  #length = 0;

  add(count: number, message: unknown): void {
    this.#length += count;
    if (this.#length >= maxFailuresInARow) {
      throw new Error(`the last ${maxFailuresInARow} outputs all failed, the last one with: ${message}`);
    }
  }

  end(): void {
    this.#length = 0;
  }
}
