import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdirSync } from 'node:fs';
import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Credentials } from '../../oss/sign.ts';
import type { DeliveryOptions } from './delivery.ts';
import { createDeliveries } from './delivery.ts';
import { eventFileName, listEventFiles, writeEventFile } from './event-files.ts';
import { createInstancePool } from './instance-pool.ts';
import type { Instance, InstanceOptions, InvocationResult } from './instance-process.ts';
import { startInstance } from './instance-process.ts';
import type { FunctionConfig } from './runtime.ts';
import { buildContext, buildEnvironment } from './runtime.ts';

export interface LocalFunctionComputeOptions
  extends Pick<DeliveryOptions, 'log' | 'queueDir' | 'deadLetterDir' | 'onOutcome'>,
    Partial<Pick<DeliveryOptions, 'retryDelaysMs' | 'now' | 'sleep'>> {
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
}

export interface LocalFunctionCompute {
  /** Asynchronous invocation: the event is on disk when this returns and is delivered at least once. */
  enqueue(event: unknown): void;
  /** Synchronous invocation: one attempt, no retry, no dead letter. Rejects once closed. */
  invoke(event: Buffer): Promise<InvocationResult>;
  /** Resolves when every accepted event is finished. */
  idle(): Promise<void>;
  /** Kills the instances. Unfinished events stay in `queueDir` and are delivered at the next start. */
  close(): Promise<void>;
}

/**
 * A Function Compute for one function on one machine. Function errors are retried 3 times as on FC, seconds instead
 * of minutes apart. The package is unpacked once, at start: a rebuild takes effect at the next one.
 */
export async function createLocalFunctionCompute(
  options: LocalFunctionComputeOptions,
): Promise<LocalFunctionCompute> {
  const { queueDir, deadLetterDir, log, now = Date.now, function: config } = options;
  for (const dir of [queueDir, deadLetterDir]) {
    mkdirSync(dir, { recursive: true });
  }
  const unfinished = listEventFiles(queueDir);
  const { instanceProgram: program, nodeBinary } = options;
  const codeDir = await unpack(options.codeDir);
  const closing = new AbortController();
  // Every delivery that waits for its next attempt listens.
  setMaxListeners(0, closing.signal);
  const start = () =>
    (options.startInstance ?? startInstance)({
      program,
      nodeBinary,
      codeDir,
      environment: buildEnvironment(config, codeDir),
      log,
    });
  const pool = createInstancePool(options.maxInstances ?? 2, start, closing.signal);
  const invoke = (requestId: string, event: Buffer) =>
    pool.use(async (instance) => {
      const context = buildContext(config, requestId, await options.credentials());
      return instance.invoke({ type: 'invoke', event, context }, config.timeoutMs);
    });
  const sleep = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal });
  const defaults = { retryDelaysMs: [1000, 2000, 4000], now, sleep };
  const deliveries = createDeliveries({ ...defaults, ...options, invoke, closing: closing.signal });

  unfinished.forEach(deliveries.start);
  return {
    enqueue(event) {
      const requestId = randomUUID();
      const file = eventFileName(now(), requestId);
      writeEventFile(queueDir, file, { requestId, event });
      deliveries.start({ file, requestId, event });
    },
    invoke: (event) => invoke(randomUUID(), event),
    idle: deliveries.idle,
    async close() {
      closing.abort(new Error('The local Function Compute is closed'));
      await pool.kill();
      await rm(codeDir, { recursive: true, force: true });
    },
  };
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
