import { type Stats, statSync, unwatchFile, watchFile } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { writeRules } from '../compile/build.ts';
import { lockFolder } from '../folder-lock.ts';
import type { Logger } from '../log.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { createSetAside } from './data-folder.ts';
import type { FunctionConfig } from './fc/context.ts';
import {
  createLocalFunctionCompute,
  type LocalFunctionCompute,
  type LocalFunctionComputeOptions,
} from './fc/function-compute.ts';
import { createTaskApi, invokeRoute } from './fc/routes.ts';
import { createTasks } from './fc/tasks.ts';
import { findUndrawable } from './image/fonts.ts';
import { createImageProcessor } from './image/image-processor.ts';
import { type AccessKey, accountId } from './oss/auth/access-keys.ts';
import type { OssEventRecord } from './oss/events.ts';
import { createLocalOss, type LocalOss, type LocalOssOptions } from './oss/server.ts';
import type { PageOptions } from './page/server/handlers.ts';
import { createPage } from './page/server/page.ts';
import { createStackEvents, type RulesUpdate, type StackEvents } from './stack-events.ts';

export interface LocalStackOptions
  extends Pick<
      LocalFunctionComputeOptions,
      'instanceProgram' | 'nodeBinary' | 'startInstance' | 'inspect' | 'retryDelaysMs'
    >,
    Pick<LocalOssOptions, 'region' | 'faults' | 'corsOrigins' | 'simulateTasks'> {
  /** Locked for this process. */
  dataDir: string;
  port: number;
  /** Watched: the rules are read again after each change, and at each `reload`. */
  rulesFile: string;
  /** Reads and checks the rules; rejects with what is wrong with them. */
  readRules: () => Promise<RuleSet>;
  /** The folder of the built function, whose rules are replaced. */
  bundleDir: string;
  /** The buckets of rules that name none (by default `photos`); uploads go to the first. */
  defaultBuckets?: readonly string[] | undefined;
  accessKey: AccessKey;
  log: Logger;
  /** The folder of the built page; without it there is no page. */
  pageDir?: string | undefined;
}

export type LocalStack = Awaited<ReturnType<typeof startLocalStack>>;

/** The same function under another name, so that the tasks of a backfill do not delay uploads. */
const backfillFunctionName = 'oss-saveas-backfill';

/**
 * Starts the local OSS with the built function attached: objects that are uploaded, or written by a save-as,
 * are delivered to the function as by FC, with temporary credentials of its role. Edited rules take effect.
 * If anything fails to start, nothing is left listening.
 */
export async function startLocalStack(options: LocalStackOptions) {
  const { dataDir } = options;
  const advice = 'End that one, or choose another folder with --data.';
  const refuse = (pid: number) =>
    `The folder ${dataDir} is in use by process ${pid}, another local OSS. ${advice}`;
  const closers: (() => unknown)[] = [lockFolder(dataDir, refuse)];
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).reverse()) {
      await end();
    }
  };
  try {
    return { ...(await start(options, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Builds everything before opening the port, so that every upload finds its function. */
async function start(options: LocalStackOptions, closers: (() => unknown)[]) {
  const { dataDir, defaultBuckets = ['photos'] } = options;
  const events = createStackEvents(options.log);
  const { emit, subscribe, log } = events;
  const code = createCode({ ...options, defaultBuckets });
  const { ruleSet, codeDir, buckets } = await code.prepare();
  await warnOfFonts(log);
  const processImage = createImageProcessor();
  const oss = await createLocalOss({
    ...options,
    dataDir: join(dataDir, 'oss'),
    buckets,
    log,
    processImage,
    routes: [
      (...exchange) => page?.route(...exchange),
      invokeRoute((event) => functionCompute.invoke(event)),
      (...exchange) => taskApi(...exchange),
    ],
    onObjectEvent: (record) => {
      emit({ type: 'object', record });
      // The trigger is for all keys, so that one can see whether rules leave our own outputs alone.
      if (code.isCalledBy(record)) {
        functionCompute.enqueue({ events: [record] });
      }
    },
    onTaskEvent: (event) => functionCompute.enqueue(event),
  });
  closers.push(oss.close);
  const deadLetterDir = join(dataDir, 'dead-letters');
  const functionCompute = await createLocalFunctionCompute({
    ...options,
    log,
    setAside: createSetAside(dataDir, log),
    deadLetterDir,
    observe: emit,
    queueDir: join(dataDir, 'queue'),
    codeDir,
    function: describeFunction(options, oss),
    credentials: async () => oss.issueToken({ roleName: 'oss-saveas' }),
  });
  closers.push(functionCompute.close);
  const tasks = createTasks(functionCompute.invoke);
  const taskApi = createTaskApi({ functionName: backfillFunctionName, tasks, accessKey: options.accessKey });
  const { reload, settle } = createReload(code, oss, functionCompute, events);
  closers.push(settle);
  const { enqueue } = functionCompute;
  const { store, faults } = oss;
  const { rules } = ruleSet;
  const [defaultBucket = ''] = defaultBuckets;
  const shown = { ...options, store, faults, rules, processImage, deadLetterDir, enqueue, reload };
  const page = openPage(options.pageDir, { ...shown, defaultBucket, now: Date.now });
  closers.push(subscribe((event) => page?.take(event)));
  const { url } = await oss.listen({ port: options.port });
  functionCompute.resume();
  closers.push(code.watch(() => void reload()));
  return { url, buckets, deadLetterDir, functionCompute, oss, subscribe, reload };
}

/** The page, if its folder is given. */
function openPage(assetsDir: string | undefined, options: Omit<PageOptions, 'assetsDir'>) {
  return assetsDir === undefined ? undefined : createPage({ ...options, assetsDir });
}

function describeFunction({ region, inspect }: LocalStackOptions, oss: LocalOss): FunctionConfig {
  return {
    name: 'oss-saveas',
    handler: 'index.handler',
    memoryMb: 128,
    // A person at a breakpoint takes longer than any function.
    timeoutMs: inspect === undefined ? 60_000 : 3_600_000,
    get environment() {
      return { OSS_ENDPOINT: oss.url };
    },
    region,
    accountId,
  };
}

/** The built function with the rules, in the data folder, and the trigger that `generate trigger` writes. */
function createCode(options: LocalStackOptions & { defaultBuckets: readonly string[] }) {
  const { dataDir, rulesFile, readRules, bundleDir, defaultBuckets } = options;
  let takesRemovals = false;
  let rulesTimeMs: number | undefined;
  let version = 0;
  return {
    /** Resolves to the rules and a function folder with them: one of two, as instances may use the other. */
    prepare: async () => {
      rulesTimeMs = statSync(rulesFile, { throwIfNoEntry: false })?.mtimeMs;
      const ruleSet = await readRules();
      const next = 1 - version;
      const codeDir = join(dataDir, 'function', String(next));
      await rm(codeDir, { recursive: true, force: true });
      await cp(bundleDir, codeDir, { recursive: true });
      writeRules(codeDir, ruleSet);
      version = next;
      takesRemovals = ruleSet.rules.some(({ onRemove }) => onRemove !== undefined);
      return { ruleSet, codeDir, buckets: namedBuckets(ruleSet.rules, defaultBuckets) };
    },
    /** Calls back when the rules file is not the one that was read last. The returned function ends that. */
    watch: (onChange: () => void) => {
      const listen = ({ mtimeMs }: Stats) => mtimeMs !== rulesTimeMs && onChange();
      watchFile(rulesFile, { interval: 300, persistent: false }, listen);
      return () => unwatchFile(rulesFile);
    },
    isCalledBy: ({ eventName }: OssEventRecord): boolean =>
      eventName.startsWith('ObjectCreated:') || (takesRemovals && eventName.startsWith('ObjectRemoved:')),
  };
}

/** Makes the function use the rules as they are now, one change at a time. Refused rules change nothing. */
function createReload(
  code: ReturnType<typeof createCode>,
  oss: LocalOss,
  functionCompute: LocalFunctionCompute,
  { log, emit }: StackEvents,
) {
  const inTurn = pLimit(1);
  const replaceRules = async (): Promise<RulesUpdate> => {
    try {
      const { ruleSet, codeDir, buckets } = await code.prepare();
      oss.ensureBuckets(buckets);
      await functionCompute.replaceCode(codeDir);
      log.info('rules loaded', { buckets });
      return { status: 'loaded', ruleSet };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.error('rules refused, the earlier ones stay', { message });
      return { status: 'refused', message };
    }
  };
  return {
    reload: () =>
      inTurn(async () => {
        const update = await replaceRules();
        emit({ type: 'rules', update });
        return update;
      }),
    /** Resolves when no change is under way. */
    settle: () => inTurn(() => {}),
  };
}

/** Every bucket that the rules name, sources first. */
function namedBuckets(rules: RuleSet['rules'], defaultBuckets: readonly string[]): string[] {
  const sources = rules.flatMap(({ match }) => (match.buckets.length === 0 ? defaultBuckets : match.buckets));
  const targets = rules.flatMap(({ outputs }) => outputs.flatMap(({ target }) => target.bucket ?? []));
  return [...new Set([...sources, ...targets])];
}

async function warnOfFonts(log: Logger): Promise<void> {
  const letters = await findUndrawable('A中', 'wqy-zenhei');
  if (letters.length > 0) {
    log.warn('text watermarks with such letters are refused: no font of this machine has them', { letters });
  }
}
