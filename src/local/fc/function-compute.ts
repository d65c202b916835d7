import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdirSync } from 'node:fs';
import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Credentials } from '../../oss/sign.ts';
import { writeJsonFile } from '../data-folder.ts';
import { buildContext, buildEnvironment, type FunctionConfig } from './context.ts';
import { createDeliveries, type DeliveryOptions } from './delivery.ts';
import { eventFileName, listEventFiles } from './event-files.ts';
import { createInstancePool, type InstancePool } from './instance-pool.ts';
import { type Instance, type InstanceOptions, startInstance } from './instance-process.ts';

export interface LocalFunctionComputeOptions
  extends Pick<DeliveryOptions, 'log' | 'queueDir' | 'deadLetterDir'>,
    Partial<Pick<DeliveryOptions, 'retryDelaysMs' | 'now' | 'sleep' | 'observe'>> {
  /** The built code package: `index.js` and what it needs, as it would be zipped. */
  codeDir: string;
  /** Path of the bundled instance program. */
  instanceProgram: string;
  /** The Node.js that instances run on; our own unless given. */
  nodeBinary?: string | undefined;
  /** Starts an instance of another runtime than the built-in one. */
  startInstance?: ((options: InstanceOptions) => Instance) | undefined;
  function: FunctionConfig;
  /** Credentials of the function's role, asked for on every invocation. */
  credentials: () => Promise<Credentials>;
  /** `concurrencyConfig.reservedConcurrency`; 2 unless given. */
  maxInstances?: number;
  /** Address and port for a debugger to attach; there is one instance at a time then. */
  inspect?: string | undefined;
  /** Takes the path of a damaged file of the queue, which is to be put out of the way. */
  setAside: (path: string, reason: unknown) => void;
}

export type LocalFunctionCompute = Awaited<ReturnType<typeof createLocalFunctionCompute>>;

/**
 * A Function Compute for one function on one machine. Function errors are retried 3 times as on FC, seconds instead
 * of minutes apart.
 */
export async function createLocalFunctionCompute(options: LocalFunctionComputeOptions) {
  const { queueDir, deadLetterDir, now = Date.now, inspect } = options;
  for (const dir of [queueDir, deadLetterDir]) {
    mkdirSync(dir, { recursive: true });
  }
  const unfinished = listEventFiles(queueDir, options.setAside);
  const codeDirs = [await unpack(options.codeDir)];
  const closing = new AbortController();
  // Every delivery that waits for its next attempt listens.
  setMaxListeners(0, closing.signal);

  const maxInstances = inspect === undefined ? (options.maxInstances ?? 2) : 1;
  const start = () => createInstance(options, codeDirs.at(-1) ?? '');
  const pool = createInstancePool(maxInstances, start, closing.signal);
  const invoke = createInvoke(pool, options);
  const deliveries = createDeliveries({
    retryDelaysMs: [1000, 2000, 4000],
    sleep: (ms, signal) => delay(ms, undefined, { signal }),
    observe: () => {},
    ...options,
    now,
    invoke,
    closing: closing.signal,
  });

  return {
    /** Delivers what an earlier process left unfinished. */
    resume: () => unfinished.splice(0).forEach(deliveries.start),
    /** Asynchronous invocation: the event is on disk when this returns, where the disk takes it, and delivered at least once. */
    enqueue: (event: unknown): void => {
      const requestId = randomUUID();
      const file = eventFileName(now(), requestId);
      try {
        writeJsonFile(join(queueDir, file), { requestId, event });
      } catch (error) {
        // The disk may be full: the event is delivered all the same, and lost only if we are killed before.
        options.log.error('event not in the queue folder', { requestId, reason: String(error) });
      }
      deliveries.start({ file, requestId, event });
    },
    /** Synchronous invocation: one attempt, no retry, no dead letter. Rejects once closed. */
    invoke: (event: Buffer) => invoke(randomUUID(), event),
    /** Takes another code package for all later invocations; those under way end on the old one. */
    replaceCode: async (packageDir: string): Promise<void> => {
      codeDirs.push(await unpack(packageDir));
      await pool.renew();
    },
    /** Resolves when every accepted event is finished. */
    idle: deliveries.idle,
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

function createInstance(options: LocalFunctionComputeOptions, codeDir: string): Instance {
  const { nodeBinary, inspect, log } = options;
  const program = resolve(options.instanceProgram);
  const environment = buildEnvironment(options.function, codeDir);
  const create = options.startInstance ?? startInstance;
  return create({ program, nodeBinary, inspect, codeDir, environment, log });
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
