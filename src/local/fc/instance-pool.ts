import pLimit from 'p-limit';
import type { Instance } from './instance-process.ts';

/**
 * The instances of one function, at most `maxInstances` at a time, kept warm between uses. Waiting in line stands for
 * Function Compute's treatment of asynchronous invocations beyond `reservedConcurrency`: kept, not billed, not counted
 * as an attempt. (A synchronous one would get 429 there.)
 */
export class InstancePool {
  readonly #start: () => Instance;
  readonly #inTurn: ReturnType<typeof pLimit>;
  readonly #closing: AbortSignal;
  readonly #instances = new Set<Instance>();
  #warm: Instance[] = [];

  constructor(maxInstances: number, start: () => Instance, closing: AbortSignal) {
    this.#start = start;
    this.#inTurn = pLimit(maxInstances);
    this.#closing = closing;
  }

  /** Runs `task` on an instance of its own, in its turn; rejects when `closing` aborts first. */
  use<T>(task: (instance: Instance) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      this.#closing.throwIfAborted();
      const warm = this.#warm;
      const idle = warm.pop();
      const instance = idle?.isAlive() ? idle : this.#start();
      this.#instances.add(instance);
      try {
        return await task(instance);
      } finally {
        if (this.#warm === warm) {
          warm.push(instance);
        } else {
          await instance.kill(); // the code was replaced meanwhile
        }
        this.#forgetDead();
      }
    });
  }

  /** Has every later use start from new code; uses under way end on the old. */
  async renew(): Promise<void> {
    const old = this.#warm;
    this.#warm = [];
    await Promise.all(old.map((instance) => instance.kill()));
    this.#forgetDead();
  }

  /** Kills every instance, busy or warm, and resolves when all processes are gone. */
  async kill(): Promise<void> {
    await Promise.all([...this.#instances].map((instance) => instance.kill()));
  }

  #forgetDead(): void {
    for (const instance of this.#instances) {
      if (!instance.isAlive()) {
        this.#instances.delete(instance);
      }
    }
  }
}
