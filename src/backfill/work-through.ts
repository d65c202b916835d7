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

/** Even if every call takes this long, the rate is reached. */
const secondsPerCall = 4;
const maxConcurrency = 256;

/**
 * Works on many entries at once. Resolves when all are done or, after `stop`, when the work under way is
 * done. Rejects if reading the entries or working on one of them fails.
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

/** More than chance or bad pictures explain: rather a missing permission, region or named style. */
const maxFailuresInARow = 100;

/** Counts consecutive failures, and throws if there are too many. */
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
