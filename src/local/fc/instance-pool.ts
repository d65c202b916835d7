import pLimit from 'p-limit';
import type { Instance } from './instance-process.ts';

export type InstancePool = ReturnType<typeof createInstancePool>;

/**
 * The instances of one function, at most `maxInstances` at a time, kept warm between uses. Waiting in line stands for
 * Function Compute's treatment of asynchronous invocations beyond `reservedConcurrency`: kept, not billed, not counted
 * as an attempt. (A synchronous one would get 429 there.)
 */
export function createInstancePool(maxInstances: number, start: () => Instance, closing: AbortSignal) {
  const inTurn = pLimit(maxInstances);
  const busy = new Set<Instance>();
  let warm: Instance[] = [];
  return {
    /** Runs `task` on an instance of its own, in its turn; rejects when `closing` aborts first. */
    use: <T>(task: (instance: Instance) => Promise<T>): Promise<T> =>
      inTurn(async () => {
        closing.throwIfAborted();
        const ownWarm = warm;
        const idle = warm.pop();
        const instance = idle?.isAlive() ? idle : start();
        busy.add(instance);
        try {
          return await task(instance);
        } finally {
          if (warm === ownWarm && instance.isAlive()) {
            warm.push(instance);
          } else {
            await instance.kill(); // the code was replaced meanwhile, or it died
          }
          busy.delete(instance);
        }
      }),
    /** Has every later use start from new code; uses under way end on the old. */
    renew: async (): Promise<void> => {
      const old = warm;
      warm = [];
      await Promise.all(old.map((instance) => instance.kill()));
    },
    /** Kills every instance, busy or warm, and resolves when all processes are gone. */
    kill: async (): Promise<void> => {
      await Promise.all([...busy, ...warm].map((instance) => instance.kill()));
    },
  };
}
