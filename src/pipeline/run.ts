import type { Done, Result } from './result.ts';
import { type SaveOptions, save } from './save.ts';

export interface RunOptions extends SaveOptions {
  /** Calls under way at once; whoever makes the client lowers it when OSS throttles. */
  limit: { current: number };
  /** Called as each result comes, in the order of completion. */
  onResult: (result: Done) => void;
}

/**
 * Carries out a plan: planned outputs become `saved` or `failed`, the rest passes through. Results keep the
 * plan's order. Never throws: one failure stops nothing else, and what the deadline cuts off is a failure too.
 */
export async function run(plan: readonly Result[], options: RunOptions): Promise<Result[]> {
  const results: Result[] = [...plan];
  const waiting = [...plan.entries()];
  let active = 0;
  const work = async (): Promise<void> => {
    for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
      const [i, item] = entry;
      const result = item.status === 'planned' ? await save(item, options) : item;
      results[i] = result;
      options.onResult(result);
      if (active > Math.max(1, options.limit.current)) break; // throttled: this lane closes
    }
    active -= 1;
  };
  const lanes = Math.min(waiting.length, Math.max(1, options.limit.current));
  active = lanes;
  await Promise.all(Array.from({ length: lanes }, work));
  return results;
}
