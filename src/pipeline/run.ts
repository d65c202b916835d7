import type { Outcome, Result } from './result.ts';
import { type SaveOptions, save } from './save.ts';

export interface RunOptions extends SaveOptions {
  /** Calls under way at once; whoever makes `call` lowers it when OSS throttles. */
  limit: { current: number };
  /** Called as each result comes, in the order of completion. */
  onOutcome: (outcome: Outcome) => void;
}

/**
 * Carries out a plan: planned outputs become `saved`, `skipped` or `failed`, the rest passes through. Results keep the
 * plan's order. Never throws: one failure stops nothing else, and what the deadline cuts off is a failure too.
 */
export async function run(plan: readonly Result[], options: RunOptions): Promise<Result[]> {
  const results = [...plan];
  // All lanes share one iterator: each takes what the others have left.
  const waiting = plan.entries();
  let lanes = Math.min(plan.length, Math.max(1, options.limit.current));
  const work = async (): Promise<void> => {
    for (const [i, item] of waiting) {
      const outcome = item.status === 'planned' ? await save(item, options) : item;
      results[i] = outcome;
      options.onOutcome(outcome);
      if (lanes > Math.max(1, options.limit.current)) {
        break; // OSS throttles, so this lane closes.
      }
    }
    lanes -= 1;
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return results;
}
