import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { realpath } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Credentials } from '../../oss/sign.ts';
import { buildContext, buildEnvironment, type FunctionConfig } from './context.ts';
import { type Instance, type InstanceOptions, startInstance } from './instance-process.ts';
import { createQueue, type QueueOptions } from './queue.ts';

export interface LocalFunctionComputeOptions
  extends Pick<InstanceOptions, 'instanceProgram' | 'nodeBinary' | 'inspect' | 'log'>,
    Pick<QueueOptions, 'queueDir' | 'deadLetterDir' | 'setAside'>,
    Partial<Pick<QueueOptions, 'retryDelaysMs' | 'now' | 'sleep' | 'observe'>> {
  /** The built code package, as it would be zipped: `index.js` and what it needs. It runs in this folder. */
  codeDir: string;
  /** Starts an instance of another runtime than the built-in one. */
  startInstance?: ((options: InstanceOptions) => Instance) | undefined;
  function: FunctionConfig;
  /** The credentials of the function's role, requested for every invocation. */
  credentials: () => Promise<Credentials>;
  /** `concurrencyConfig.reservedConcurrency`, by default 2. */
  maxInstances?: number;
}

export type LocalFunctionCompute = Awaited<ReturnType<typeof createLocalFunctionCompute>>;

/** A Function Compute for one function. It retries errors 3 times like FC, but with seconds in between. */
export async function createLocalFunctionCompute(options: LocalFunctionComputeOptions) {
  const { function: config, credentials, inspect, maxInstances = 2 } = options;
  let codeDir = await realpath(options.codeDir);
  const closing = new AbortController();
  // Every delivery that waits for its next attempt is a listener.
  setMaxListeners(0, closing.signal);

  const create = options.startInstance ?? startInstance;
  const start = () => create({ ...options, codeDir, environment: buildEnvironment(config, codeDir) });
  const pool = createInstancePool(inspect === undefined ? maxInstances : 1, start, closing.signal);
  /** Synchronous invocation: one attempt, no retry, no dead letter. Rejects once closed. */
  const invoke = (event: Buffer, requestId: string = randomUUID()) =>
    pool.use(async (instance) => {
      const context = buildContext(config, requestId, await credentials());
      return instance.invoke({ type: 'invoke', event, context }, config.timeoutMs);
    });
  const queue = createQueue({
    now: Date.now,
    retryDelaysMs: [1000, 2000, 4000],
    sleep: (ms, signal) => delay(ms, undefined, { signal }),
    observe: () => {},
    ...options,
    invoke,
    closing: closing.signal,
  });

  return {
    ...queue,
    invoke,
    /** Uses another package for later invocations, not for those under way. Rejects if closed. */
    replaceCode: async (packageDir: string): Promise<void> => {
      closing.signal.throwIfAborted();
      codeDir = await realpath(packageDir);
      await pool.renew();
    },
    /** Kills the instances. Unfinished events stay in `queueDir` and are delivered after the next start. */
    close: async (): Promise<void> => {
      closing.abort(new Error('The local Function Compute is closed'));
      await pool.kill();
    },
  };
}

/**
 * The instances of one function, at most `maxInstances` at a time, kept warm between uses. Callers queue, as
 * FC queues asynchronous invocations beyond `reservedConcurrency`: not billed, and not counted as attempts.
 * (FC would answer a synchronous one with 429.)
 */
function createInstancePool(maxInstances: number, start: () => Instance, closing: AbortSignal) {
  const inTurn = pLimit(maxInstances);
  const busy = new Set<Instance>();
  let warm: Instance[] = [];
  const killAll = (instances: Instance[]) => Promise.all(instances.map((instance) => instance.kill()));
  return {
    /** Runs `task` on an instance of its own when it is its turn; rejects if `closing` aborts first. */
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
            await instance.kill(); // Its code was replaced meanwhile, or it died.
          }
          busy.delete(instance);
        }
      }),
    /** Lets later uses start with new code; uses under way finish with the old. */
    renew: () => {
      const old = warm;
      warm = [];
      return killAll(old);
    },
    /** Kills every instance, busy or warm, and resolves when all processes have ended. */
    kill: () => killAll([...busy, ...warm]),
  };
}
