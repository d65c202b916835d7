import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Credentials } from '../../oss/sign.ts';
import { buildContext, buildEnvironment, type FunctionConfig } from './context.ts';
import { createInstancePool, type InstancePool } from './instance-pool.ts';
import { type Instance, type InstanceOptions, startInstance } from './instance-process.ts';
import { createQueue, type QueueOptions } from './queue.ts';

export interface LocalFunctionComputeOptions
  extends Pick<InstanceOptions, 'instanceProgram' | 'nodeBinary' | 'inspect' | 'log'>,
    Pick<QueueOptions, 'queueDir' | 'deadLetterDir' | 'setAside'>,
    Partial<Pick<QueueOptions, 'retryDelaysMs' | 'now' | 'sleep' | 'observe'>> {
  /** The built code package: `index.js` and what it needs, as it would be zipped. */
  codeDir: string;
  /** Starts an instance of another runtime than the built-in one. */
  startInstance?: ((options: InstanceOptions) => Instance) | undefined;
  function: FunctionConfig;
  /** Credentials of the function's role, asked for on every invocation. */
  credentials: () => Promise<Credentials>;
  /** `concurrencyConfig.reservedConcurrency`; 2 unless given. */
  maxInstances?: number;
}

export type LocalFunctionCompute = Awaited<ReturnType<typeof createLocalFunctionCompute>>;

/**
 * A Function Compute for one function on one machine. Function errors are retried 3 times as on FC, seconds instead
 * of minutes apart.
 */
export async function createLocalFunctionCompute(options: LocalFunctionComputeOptions) {
  const codeDirs = [await unpack(options.codeDir)];
  const closing = new AbortController();
  // Every delivery that waits for its next attempt listens.
  setMaxListeners(0, closing.signal);

  const maxInstances = options.inspect === undefined ? (options.maxInstances ?? 2) : 1;
  const create = options.startInstance ?? startInstance;
  const start = () => {
    const codeDir = codeDirs.at(-1) ?? '';
    return create({ ...options, codeDir, environment: buildEnvironment(options.function, codeDir) });
  };
  const pool = createInstancePool(maxInstances, start, closing.signal);
  const invoke = createInvoke(pool, options);
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
    /** Synchronous invocation: one attempt, no retry, no dead letter. Rejects once closed. */
    invoke: (event: Buffer) => invoke(randomUUID(), event),
    /** Takes another code package for all later invocations; those under way end on the old one. Rejects once closed. */
    replaceCode: async (packageDir: string): Promise<void> => {
      closing.signal.throwIfAborted();
      codeDirs.push(await unpack(packageDir));
      await pool.renew();
    },
    /** Kills the instances. Unfinished events stay in `queueDir` and are delivered at the next start. */
    close: async (): Promise<void> => {
      closing.abort(new Error('The local Function Compute is closed'));
      await pool.kill();
      await Promise.all(codeDirs.map((dir) => rm(dir, { recursive: true, force: true })));
    },
  };
}

/** Makes the function that runs one attempt, on whichever instance is free. */
function createInvoke(pool: InstancePool, { credentials, function: config }: LocalFunctionComputeOptions) {
  return (requestId: string, event: Buffer) =>
    pool.use(async (instance) => {
      const context = buildContext(config, requestId, await credentials());
      return instance.invoke({ type: 'invoke', event, context }, config.timeoutMs);
    });
}

/** To a folder of its own, as FC unpacks to `/code`: no `package.json` around the build decides how the code loads. */
async function unpack(packageDir: string): Promise<string> {
  const codeDir = await realpath(await mkdtemp(join(tmpdir(), 'fc-code-')));
  try {
    await cp(packageDir, codeDir, { recursive: true });
  } catch (cause) {
    await rm(codeDir, { recursive: true, force: true });
    throw new Error(`The function's code in ${packageDir} cannot be read; was it built?`, { cause });
  }
  return codeDir;
}
