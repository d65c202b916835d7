import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { compileRules } from '../../src/compile/compile.ts';
import { createHandler } from '../../src/handler.ts';
import { createTaskApi } from '../../src/local/fc/routes.ts';
import { createTasks } from '../../src/local/fc/tasks.ts';
import type { FaultPlan } from '../../src/local/oss/faults/plan.ts';
import type { Route } from '../../src/local/oss/http/routes.ts';
import { createAgent } from '../../src/oss/request.ts';
import { startOss, temporaryDir } from '../local/oss/running-oss.ts';
import { createIo, localEnvironment } from './terminal.ts';

export const rulesText = `rules:
  - name: small
    match: { key: "uploads/**/*.jpg", bucket: photos }
    outputs:
      - style: image/resize,w_{w}
        vary: { w: [100, 200] }
        target: { key: "small/{yyyy}/{name}-{w}.jpg" }
`;

/** Starts a local OSS whose function runs in this process, for the tasks of a backfill; it may be held up. */
export async function startWith(
  count: number,
  {
    faults,
    beforeEach,
    rules = rulesText,
    deployedRules = rules,
    mayTell = true,
  }: {
    faults?: FaultPlan;
    beforeEach?: () => Promise<void>;
    rules?: string;
    /** The function is deployed by a command of its own. */
    deployedRules?: string;
    /** Whether tasks tell more than the name of an error, which Function Compute does not promise. */
    mayTell?: boolean;
  } = {},
) {
  const processed: string[] = [];
  const requests: string[] = [];
  const attempts = { number: 0 };
  const routes: Route[] = [];
  const oss = await startOss({
    faults,
    routes: [
      (message, response) => {
        requests.push(`${message.method} ${message.url}`);
        return routes[0]?.(message, response);
      },
    ],
    processImage: async ({ readSource, style }) => {
      processed.push(`${await readSource()} ${style}`);
      return { body: Buffer.from(style), contentType: 'image/jpeg' };
    },
  });
  const dispatcher = createAgent();
  const handlerOf = (deployed: string, accessKeyId = 'local') => {
    const compiled = compileRules(deployed, 'rules.yaml');
    if (!compiled.ok) {
      throw new Error('the rules are wrong');
    }
    return createHandler({
      settings: {
        rulesFile: '',
        endpoint: oss.url,
        cname: false,
        region: 'cn-hangzhou',
        concurrency: 4,
        logLevel: 'error',
      },
      ruleSet: compiled.ruleSet,
      dispatcher,
      defaultCredentials: async () => ({ accessKeyId, accessKeySecret: 'local-secret' }),
      write: () => {},
    });
  };
  let handle = handlerOf(deployedRules);
  const invoke = async (event: Buffer) => {
    attempts.number += 1;
    try {
      await beforeEach?.();
      await handle(event, undefined);
      return { status: 'succeeded' as const, requestId: 'r', billedMs: 1, body: Buffer.from('') };
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      const errorMessage = mayTell ? message : name;
      return { status: 'failed' as const, requestId: 'r', billedMs: 1, error: { errorMessage } };
    }
  };
  const dir = await temporaryDir();
  const tasks = createTasks(invoke);
  onTestFinished(() => dispatcher.close());
  const accessKey = { id: 'local', secret: 'local-secret' };
  routes.push(createTaskApi({ functionName: 'oss-saveas-backfill', tasks, accessKey }));
  for (let number = 0; number < count; number += 1) {
    // Every third object is no picture.
    const headers = { 'content-type': number % 3 === 2 ? 'text/plain' : 'image/jpeg' };
    const key = `uploads/${String(number).padStart(4, '0')}.jpg`;
    await oss.call({ method: 'PUT', bucket: 'photos', key, body: `p${number}`, headers });
  }
  await writeFile(join(dir, 'rules.yaml'), rules);
  const beginAt = (via: string[], args: string[]) => {
    const { io, written, stop } = createIo(localEnvironment(oss.port));
    const fixed = ['backfill', ...via, '--rules', join(dir, 'rules.yaml')];
    return { stop, ended: main([...fixed, ...args], io).then((exitCode) => ({ exitCode, ...written })) };
  };
  const begin = (...args: string[]) => beginAt(['--via', 'function', '--fc-endpoint', oss.url], args);
  const run = (...args: string[]) => begin(...args).ended;
  const runHere = (...args: string[]) => beginAt([], args).ended;
  const deploy = (deployed: string, accessKeyId?: string) => {
    handle = handlerOf(deployed, accessKeyId);
  };
  return { oss, processed, requests, attempts, tasks, dir, deploy, begin, run, runHere };
}

/** The lines of all files of failures in a folder. */
export async function readFailureFiles(dir: string): Promise<string[]> {
  const folders = await readdir(dir).catch(() => []);
  const texts = folders.map((folder) =>
    readFile(join(dir, folder, 'failures.jsonl'), 'utf8').catch(() => ''),
  );
  return (await Promise.all(texts)).join('').trim().split('\n');
}

export function createGate(): { isOpen: Promise<void>; open: () => void } {
  let open = () => {};
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { isOpen, open: () => open() };
}

export const tooLarge = (key: string) => ({
  rules: [{ fault: 'ImageTooLarge' as const, operation: 'ProcessObject', key }],
});
export const readFailures = async (err: string) => {
  const [, file = ''] = /--keys (.*)\n$/.exec(err) ?? [];
  const text = await readFile(file, 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
};
