import { cp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { compileRules } from '../check/old/compile.ts';
import { writeRules } from '../compile/build.ts';
import type { Logger } from '../log.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { InvocationOutcome } from './fc/delivery.ts';
import {
  createLocalFunctionCompute,
  type LocalFunctionCompute,
  type LocalFunctionComputeOptions,
} from './fc/function-compute.ts';
import { answerInvocation } from './fc/http-invocation.ts';
import { matchesTrigger, type OssTrigger } from './fc/trigger.ts';
import { createImageProcessor } from './image/image-processor.ts';
import type { AccessKey } from './oss/auth/access-keys.ts';
import type { FaultPlan } from './oss/faults/plan.ts';
import { isControl } from './oss/http/routes.ts';
import type { OssEventRecord } from './oss/object-event.ts';
import { createLocalOss, localAccountId } from './oss/server.ts';

export interface LocalStackOptions {
  dataDir: string;
  port: number;
  rulesFile: string;
  /** Where the bundled function lies (`index.js`); its rules are replaced by those of `rulesFile`. */
  bundleDir: string;
  /** The bundled instance program. */
  instanceProgram: string;
  /** The Node.js that the function runs on; our own unless given. */
  nodeBinary?: string | undefined;
  startInstance?: LocalFunctionComputeOptions['startInstance'];
  accessKey: AccessKey;
  region: string;
  log: Logger;
  /** What the local OSS shall do wrong. */
  faults?: FaultPlan;
  retryDelaysMs?: readonly number[];
  onOutcome?: (outcome: InvocationOutcome) => void;
}

export interface LocalStack {
  url: string;
  /** Buckets made for the rules; the first one is where to upload. */
  buckets: readonly string[];
  deadLetterDir: string;
  functionCompute: LocalFunctionCompute;
  close(): Promise<void>;
}

/** Where uploads go when the rules name no bucket. */
const defaultBucket = 'photos';

/** As a trigger on everything: whether rules leave our own outputs alone is then seen, and not assumed. */
const everyObject: OssTrigger = { events: ['oss:ObjectCreated:*'], prefix: '', suffix: '' };

/**
 * Starts the local OSS with the built function attached: what is uploaded there, and what a save-as writes, is
 * delivered to the function as Function Compute would, with temporary credentials of its role.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { dataDir, region, log } = options;
  const codeDir = join(dataDir, 'function');
  const ruleSet = await preparePackage(options, codeDir);
  const buckets = bucketsOf(ruleSet);
  const early: OssEventRecord[] = [];
  let functionCompute: LocalFunctionCompute | undefined;
  const oss = await createLocalOss({
    dataDir: join(dataDir, 'oss'),
    region,
    accessKeys: [options.accessKey],
    buckets,
    processImage: createImageProcessor(),
    log,
    ...(options.faults && { faults: options.faults }),
    routes: [
      (message, response) => {
        if (functionCompute === undefined || !isControl(message, '/-/invoke')) {
          return undefined;
        }
        return answerInvocation(functionCompute, message, response);
      },
    ],
    onObjectEvent: (record) => {
      if (!matchesTrigger(record, everyObject)) {
        return;
      }
      if (functionCompute === undefined) {
        early.push(record);
      } else {
        functionCompute.enqueue({ events: [record] });
      }
    },
  });
  const { url } = await oss.listen({ port: options.port });
  const deadLetterDir = join(dataDir, 'dead-letters');
  functionCompute = await createLocalFunctionCompute({
    codeDir,
    instanceProgram: resolve(options.instanceProgram),
    nodeBinary: options.nodeBinary,
    startInstance: options.startInstance,
    queueDir: join(dataDir, 'queue'),
    deadLetterDir,
    log,
    function: {
      name: 'oss-saveas',
      handler: 'index.handler',
      memoryMb: 128,
      timeoutMs: 60_000,
      environment: { OSS_ENDPOINT: url },
      region,
      accountId: localAccountId,
    },
    credentials: async () => oss.issueToken({ roleName: 'oss-saveas' }),
    ...(options.retryDelaysMs && { retryDelaysMs: options.retryDelaysMs }),
    ...(options.onOutcome && { onOutcome: options.onOutcome }),
  });
  for (const record of early) {
    functionCompute.enqueue({ events: [record] });
  }
  const close = async () => {
    await functionCompute?.close();
    await oss.close();
  };
  return { url, buckets, deadLetterDir, functionCompute, close };
}

async function preparePackage(
  { rulesFile, bundleDir }: LocalStackOptions,
  codeDir: string,
): Promise<RuleSet> {
  const { ruleSet } = await compileRules(rulesFile);
  await rm(codeDir, { recursive: true, force: true });
  await cp(bundleDir, codeDir, { recursive: true });
  await writeRules(codeDir, ruleSet);
  return ruleSet;
}

/** Every bucket the rules name, sources first. */
function bucketsOf({ rules }: RuleSet): string[] {
  const sources = rules.flatMap(({ match }) =>
    match.buckets.length === 0 ? [defaultBucket] : match.buckets,
  );
  const targets = rules.flatMap(({ outputs }) => outputs.flatMap(({ target }) => target.bucket ?? []));
  return [...new Set([...sources, ...targets])];
}
