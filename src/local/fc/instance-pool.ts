import type { Instance } from './instance-process.ts';

/** The instances of one function: at most `maxInstances` at a time, kept warm between uses. */
export interface InstancePool {
  /** Runs `task` on an instance of its own, waiting in line for one; rejects when `closing` aborts first. */
  use<T>(task: (instance: Instance) => Promise<T>): Promise<T>;
  /** Kills every instance, busy or warm, and resolves when all processes are gone. */
  kill(): Promise<void>;
}

/**
 * Pool over `start`. Waiting in line stands for Function Compute's treatment of asynchronous invocations beyond
 * `reservedConcurrency`: kept, not billed, not counted as an attempt. (A synchronous one would get 429 there.)
 */
export function createInstancePool(
  maxInstances: number,
  start: () => Instance,
  closing: AbortSignal,
): InstancePool {
  const instances = new Set<Instance>();
  const warm: Instance[] = [];
  const waiting: (() => void)[] = [];
  let busy = 0;

  async function run<T>(task: (instance: Instance) => Promise<T>): Promise<T> {
    closing.throwIfAborted();
    let instance = warm.pop();
    if (instance === undefined || !instance.isAlive()) {
      instance = start();
    }
    instances.add(instance);
    try {
      return await task(instance);
    } finally {
      warm.push(instance);
      for (const other of instances) {
        if (!other.isAlive()) {
          instances.delete(other);
        }
      }
    }
  }

  return {
    async use(task) {
      // A finished use hands its place to the next in line, so `busy` changes only when nobody waits.
      if (busy < maxInstances) {
        busy += 1;
      } else {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      try {
        return await run(task);
      } finally {
        const next = waiting.shift();
        if (next === undefined) {
          busy -= 1;
        } else {
          next();
        }
      }
    },
    async kill() {
      await Promise.all([...instances].map((instance) => instance.kill()));
    },
  };
}
