import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleFunction } from '../../src/compile/bundle.ts';
import { createLocalFunctionCompute } from '../../src/local/fc/function-compute.ts';
import type { InvocationOutcome } from '../../src/local/fc/queue.ts';
import type { OssEventRecord } from '../../src/local/oss/events.ts';
import { createLocalOss, type LocalOssOptions } from '../../src/local/oss/server.ts';
import type { LogFields, Logger } from '../../src/log.ts';
import { resolveEndpoint } from '../../src/oss/endpoint.ts';
import { createAgent } from '../../src/oss/request.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';
import { createClient } from '../oss/client.ts';

export interface BuiltFunction {
  dir: string;
  codeDir: string;
  instanceProgram: string;
}

/** The function and the program of an instance, built as the project builds them; `around` is an `index.js` of its own, around `./function.js`. */
export async function buildFunction(around?: string): Promise<BuiltFunction> {
  const dir = mkdtempSync(join(tmpdir(), 'oss-saveas-faults-'));
  const [codeDir, instanceProgram] = [join(dir, 'code'), join(dir, 'fc-instance.mjs')];
  mkdirSync(codeDir);
  await bundleFunction(codeDir);
  if (around !== undefined) {
    writeFileSync(join(codeDir, 'index.js'), around);
  }
  const entryPoints = ['src/local/fc/instance.ts'];
  await build({ entryPoints, bundle: true, platform: 'node', format: 'esm', outfile: instanceProgram });
  return { dir, codeDir, instanceProgram };
}

export const accessKey = { id: 'local', secret: 'local-secret-of-the-account' };

interface CloudOptions {
  ruleSet: RuleSet;
  maxInstances: number;
  timeoutMs: number;
  retryDelaysMs: readonly number[];
  environment?: Record<string, string>;
  processImage: LocalOssOptions['processImage'];
  faults?: LocalOssOptions['faults'];
  /** Takes each event; `enqueue` hands events over to the function. */
  onObjectEvent: (record: OssEventRecord, enqueue: (event: unknown) => void) => void;
}

export type Cloud = Awaited<ReturnType<typeof startCloud>>;

/** A local OSS with the built function attached as Function Compute would run it, and a client of the account. */
export async function startCloud(built: BuiltFunction, options: CloudOptions) {
  const dataDir = mkdtempSync(join(built.dir, 'data-'));
  const rulesFile = join(dataDir, 'rules.json');
  writeFileSync(rulesFile, JSON.stringify(options.ruleSet));
  const [queueDir, deadLetterDir] = [join(dataDir, 'queue'), join(dataDir, 'dead-letters')];
  const outcomes: InvocationOutcome[] = [];
  const lines: string[] = [];
  const requests = { processed: 0, throttled: 0 };
  const add = (message: string, fields?: LogFields) =>
    void lines.push(JSON.stringify({ message, ...fields }));
  const log: Logger = { debug: count, info: add, warn: add, error: add };
  function count(message: string, { method, statusCode }: LogFields = {}): void {
    if (message !== 'request' || method !== 'POST') {
      return;
    }
    requests.processed += 1;
    if (statusCode === 503) {
      requests.throttled += 1;
    }
  }

  const oss = await createLocalOss({
    dataDir: join(dataDir, 'oss'),
    region: 'cn-hangzhou',
    accessKey,
    buckets: ['photos'],
    processImage: options.processImage,
    log,
    onObjectEvent: (record) => options.onObjectEvent(record, (event) => functionCompute.enqueue(event)),
    ...(options.faults && { faults: options.faults }),
  });
  const { url } = await oss.listen({ port: 0 });
  const issued: string[] = [];
  const functionCompute = await createLocalFunctionCompute({
    codeDir: built.codeDir,
    instanceProgram: built.instanceProgram,
    queueDir,
    deadLetterDir,
    log,
    maxInstances: options.maxInstances,
    retryDelaysMs: options.retryDelaysMs,
    setAside: (path, reason) => {
      throw new Error(`${path} is damaged`, { cause: reason });
    },
    observe: (event) => {
      if (event.type === 'outcome') {
        outcomes.push(event.outcome);
      }
    },
    credentials: async () => {
      const { accessKeyId, accessKeySecret, securityToken } = oss.issueToken({ roleName: 'oss-saveas' });
      issued.push(accessKeySecret, securityToken);
      return { accessKeyId, accessKeySecret, securityToken };
    },
    function: {
      name: 'oss-saveas',
      handler: 'index.handler',
      memoryMb: 128,
      timeoutMs: options.timeoutMs,
      environment: { OSS_ENDPOINT: url, RULES_FILE: rulesFile, ...options.environment },
      region: 'cn-hangzhou',
      accountId: '1000000000000000',
    },
  });
  const dispatcher = createAgent();
  const client = createClient({
    region: 'cn-hangzhou',
    endpoint: resolveEndpoint({ region: 'cn-hangzhou', endpoint: url }),
    credentials: () => ({ accessKeyId: accessKey.id, accessKeySecret: accessKey.secret }),
    dispatcher,
  });
  async function close(): Promise<void> {
    await functionCompute.close();
    await dispatcher.destroy();
    await oss.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
  return { url, client, functionCompute, outcomes, lines, requests, issued, queueDir, deadLetterDir, close };
}
