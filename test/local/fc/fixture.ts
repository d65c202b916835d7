import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { FunctionConfig } from '../../../src/local/fc/context.ts';
import type {
  LocalFunctionCompute,
  LocalFunctionComputeOptions,
} from '../../../src/local/fc/function-compute.ts';
import { createLocalFunctionCompute } from '../../../src/local/fc/function-compute.ts';
import type { InvocationOutcome } from '../../../src/local/fc/queue.ts';
import type { LogFields, Logger } from '../../../src/log.ts';

/** Functions as their code. */
export const returnsEvent = 'exports.handler = async (event) => event;';
export const hangs =
  'exports.handler = () => new Promise(() => { console.log(1); setInterval(() => {}, 1000); });';

interface Line {
  message: string;
  fields: LogFields | undefined;
}

interface Fixture {
  fc: LocalFunctionCompute;
  outcomes: InvocationOutcome[];
  lines: Line[];
  setAside: string[];
  queueDir: string;
  deadLetterDir: string;
}

type Overrides = Partial<Omit<LocalFunctionComputeOptions, 'function'>> & {
  function?: Partial<FunctionConfig>;
};

let root = '';
let instanceProgram = '';
const opened: LocalFunctionCompute[] = [];

/** Builds the instance program as the project does, into a temporary folder; closes every Function Compute opened. */
export function useLocalFunctionCompute(): void {
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'local-fc-test-'));
    instanceProgram = join(root, 'fc-instance.mjs');
    const entryPoints = ['src/local/fc/instance.ts'];
    await build({ entryPoints, bundle: true, platform: 'node', format: 'esm', outfile: instanceProgram });
  });
  afterEach(async () => {
    for (const fc of opened.splice(0)) {
      await fc.close();
    }
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
}

export const builtInstanceProgram = () => instanceProgram;

export function makeDir(): string {
  return mkdtempSync(join(root, 'dir-'));
}

/** Writes a code package; a string is its index.js. */
export function writePackage(files: string | Record<string, string>): string {
  const dir = makeDir();
  for (const [name, text] of Object.entries(typeof files === 'string' ? { 'index.js': files } : files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

/** A Function Compute around `code`; its retries wait only when given delays. */
export async function open(
  code: string | Record<string, string>,
  overrides: Overrides = {},
): Promise<Fixture> {
  const outcomes: InvocationOutcome[] = [];
  const lines: Line[] = [];
  const setAside: string[] = [];
  const add = (message: string, fields?: LogFields) => void lines.push({ message, fields });
  const log: Logger = { debug: add, info: add, warn: add, error: add };
  const { queueDir = makeDir(), deadLetterDir = makeDir() } = overrides;
  const fc = await createLocalFunctionCompute({
    codeDir: writePackage(code),
    instanceProgram,
    credentials: async () => ({ accessKeyId: 'STS.id', accessKeySecret: 'secret', securityToken: 'token' }),
    ...(overrides.retryDelaysMs === undefined && { sleep: async () => {} }),
    log,
    setAside: (path) => setAside.push(path),
    observe: (event) => {
      if (event.type === 'outcome') {
        outcomes.push(event.outcome);
      }
    },
    ...overrides,
    queueDir,
    deadLetterDir,
    function: {
      name: 'saveas',
      handler: 'index.handler',
      memoryMb: 128,
      timeoutMs: 15_000,
      environment: {},
      region: 'cn-hangzhou',
      accountId: '1234567890123456',
      ...overrides.function,
    },
  });
  opened.push(fc);
  fc.resume();
  return { fc, outcomes, lines, setAside, queueDir, deadLetterDir };
}

/** Whether a process lives. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export function readJsonFiles(dir: string): { file: string; content: unknown }[] {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(dir, file), 'utf8'));
  return readdirSync(dir)
    .sort()
    .map((file) => ({ file, content: read(file) }));
}

/** The body of a successful invocation, parsed; throws with the function's error otherwise. */
export async function invokeJson(fc: LocalFunctionCompute, event: unknown = {}): Promise<unknown> {
  const result = await fc.invoke(Buffer.from(JSON.stringify(event)));
  if (result.status === 'failed') {
    throw new Error(result.error.errorMessage);
  }
  return JSON.parse(result.body.toString());
}
