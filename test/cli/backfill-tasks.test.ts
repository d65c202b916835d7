import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
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

const rulesText = `rules:
  - name: small
    match: { key: "uploads/**/*.jpg", bucket: photos }
    outputs:
      - style: image/resize,w_{w}
        vary: { w: [100, 200] }
        target: { key: "small/{yyyy}/{name}-{w}.jpg" }
`;

/** A local OSS whose function runs in this process, and the tasks of a backfill with it; the function may be held up. */
async function startWith(
  count: number,
  {
    faults,
    beforeEach,
    rules = rulesText,
  }: { faults?: FaultPlan; beforeEach?: () => Promise<void>; rules?: string } = {},
) {
  const processed: string[] = [];
  const attempts = { number: 0 };
  const routes: Route[] = [];
  const oss = await startOss({
    faults,
    routes: [(message, response) => routes[0]?.(message, response)],
    processImage: async ({ readSource, style }) => {
      processed.push(`${await readSource()} ${style}`);
      return { body: Buffer.from(style), contentType: 'image/jpeg' };
    },
  });
  const compiled = compileRules(rules, 'rules.yaml');
  if (!compiled.ok) {
    throw new Error('the rules are wrong');
  }
  const dispatcher = createAgent();
  const handle = createHandler({
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
    defaultCredentials: async () => ({ accessKeyId: 'local', accessKeySecret: 'local-secret' }),
    write: () => {},
  });
  const invoke = async (event: Buffer) => {
    attempts.number += 1;
    await beforeEach?.();
    try {
      const report = await handle(event, undefined);
      return {
        status: 'succeeded' as const,
        requestId: 'r',
        billedMs: 1,
        body: Buffer.from(JSON.stringify(report)),
      };
    } catch (error) {
      const errorMessage = error instanceof Error ? error.message : String(error);
      return { status: 'failed' as const, requestId: 'r', billedMs: 1, error: { errorMessage } };
    }
  };
  const dir = await temporaryDir();
  const tasks = createTasks(invoke, [1, 1]);
  onTestFinished(async () => {
    tasks.close();
    await dispatcher.close();
  });
  const accessKey = { id: 'local', secret: 'local-secret' };
  routes.push(createTaskApi({ functionName: 'oss-saveas-backfill', tasks, accessKey }));
  for (let number = 0; number < count; number += 1) {
    const key = `uploads/${String(number).padStart(4, '0')}.jpg`;
    await oss.call({ method: 'PUT', bucket: 'photos', key, body: `p${number}` });
  }
  await writeFile(join(dir, 'rules.yaml'), rules);
  const begin = (...args: string[]) => {
    const env = { ...localEnvironment(oss.port), FC_ENDPOINT: oss.url };
    const { io, written, stop } = createIo(env);
    const fixed = ['backfill', '--via', 'function', '--rules', join(dir, 'rules.yaml')];
    return { stop, ended: main([...fixed, ...args], io).then((exitCode) => ({ exitCode, ...written })) };
  };
  return { processed, attempts, tasks, dir, begin, run: (...args: string[]) => begin(...args).ended };
}

/** All journals in a folder as one text. */
async function readJournals(dir: string): Promise<string> {
  const folders = await readdir(dir).catch(() => []);
  const texts = folders.map((folder) => readFile(join(dir, folder, 'journal.jsonl'), 'utf8').catch(() => ''));
  return (await Promise.all(texts)).join('');
}

function createGate(): { isOpen: Promise<void>; open: () => void } {
  let open = () => {};
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { isOpen, open: () => open() };
}

describe('a backfill via the deployed function', () => {
  it('says of outputs that are made by tasks that they were submitted', async () => {
    const film = '      - { style: "video/convert,f_mp4", target: { key: "mp4/{name}.mp4" } }\n';
    const { run } = await startWith(3, { rules: rulesText + film });

    const { out, err } = await run('oss://photos/', '--yes');

    expect(out + err).toContain('3 objects: 6 saved, 0 failed, 3 submitted');
  });

  it('hands objects over in batches, and accounts for all of their outputs', async () => {
    const { run, processed, tasks } = await startWith(60);

    const { exitCode, out } = await run('--yes');

    expect(out).toContain('60 objects: 120 saved, 0 failed. Finished.');
    expect(exitCode).toBe(0);
    expect(new Set(processed).size).toBe(120);
    expect(processed.length).toBe(120);
    expect([...tasks.byId.values()].map(({ status }) => status)).toEqual([
      'Succeeded',
      'Succeeded',
      'Succeeded',
    ]);
  });

  it('a backfill via the deployed function goes on after Ctrl-C by the batches that are there already: none is made twice', async () => {
    const gate = createGate();
    const { begin, run, processed, attempts, tasks } = await startWith(60, {
      beforeEach: () => gate.isOpen,
    });
    const first = begin('--yes');
    await expect.poll(() => tasks.byId.size).toBe(3);
    first.stop.abort();
    const stopped = await first.ended;
    gate.open();

    const { exitCode, out, err } = await run();

    expect(stopped.exitCode).toBe(130);
    expect(exitCode).toBe(0);
    expect(err).toContain('Going on: ');
    expect(out).toContain('60 objects: 120 saved, 0 failed. Finished.');
    expect([tasks.byId.size, attempts.number, processed.length]).toEqual([3, 3, 120]);
  });

  it('a batch that is known to be done is not handed over again, though Function Compute has forgotten it', async () => {
    const gate = createGate();
    let number = 0;
    const beforeEach = async () => {
      number += 1;
      await (number > 1 && gate.isOpen);
    };
    const { begin, run, tasks, processed, dir } = await startWith(60, { beforeEach });
    const first = begin('--yes');
    await expect.poll(() => readJournals(join(dir, '.backfill'))).toContain('"outputs":50');
    first.stop.abort();
    await first.ended;
    const [done] = [...tasks.byId.values()].filter(({ status }) => status === 'Succeeded');
    tasks.byId.delete(done?.taskId ?? '');
    gate.open();

    const { out } = await run();

    expect(tasks.byId.size).toBe(2);
    expect(processed.length).toBe(120);
    expect(out).toContain('60 objects: 120 saved, 0 failed. Finished.');
  });

  it('names each output that fails here as well, and pays for the others once', async () => {
    const faults = {
      rules: [{ fault: 'ImageTooLarge' as const, operation: 'ProcessObject', key: '**/0007.jpg' }],
    };
    const { run, processed, dir, attempts } = await startWith(20, { faults });

    const { exitCode, out, err } = await run('--yes');
    const [, file = ''] = /--keys (.*)\n$/.exec(err) ?? [];
    const failures = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

    expect(exitCode).toBe(1);
    expect(out).toContain('20 objects: 0 saved, 2 failed, 38 target-exists. Finished.');
    expect(file.startsWith(dir)).toBe(true);
    expect(failures.map(({ source }) => source)).toEqual(Array(2).fill('oss://photos/uploads/0007.jpg'));
    expect(failures[0].message).toContain('ImageTooLarge');
    expect(attempts.number).toBe(3);
    expect(processed.length).toBe(38);
  });

  it('stops what was handed over; given again, it makes what that has left', async () => {
    const gate = createGate();
    const { begin, run, tasks, processed } = await startWith(60, { beforeEach: () => gate.isOpen });
    const first = begin('--yes');
    await expect.poll(() => tasks.byId.size).toBe(3);
    first.stop.abort();
    await first.ended;

    const stopped = await run('--stop');
    gate.open();
    const { exitCode, out } = await run();

    expect(stopped.out).toContain('3 batches stopped.');
    expect(exitCode).toBe(0);
    expect(out).toContain('60 objects: 70 saved, 0 failed, 50 target-exists. Finished.');
    expect(processed.length).toBe(120);
  });

  it('neither goes on nor stops by another function than the one that it handed batches to', async () => {
    const gate = createGate();
    const { begin, run, tasks } = await startWith(60, { beforeEach: () => gate.isOpen });
    const first = begin('--yes');
    await expect.poll(() => tasks.byId.size).toBe(3);
    first.stop.abort();
    await first.ended;

    const other = await run('--function', 'other', '--yes');
    const stopped = await run('--fc-endpoint', 'http://127.0.0.1:9', '--stop');
    gate.open();

    expect([other.exitCode, stopped.exitCode]).toEqual([2, 2]);
    expect(other.err).toMatch(
      /the endpoint was .*, by oss-saveas-backfill at .* when this backfill began, and is .*, by other at /,
    );
    expect(stopped.err).toMatch(/--stop: the batches were handed over at .*, by oss-saveas-backfill at http/);
  });

  it('leaves outputs alone that exist, where only missing ones are wanted', async () => {
    const { run, processed } = await startWith(10);
    await run('--yes');

    const { out } = await run('--yes', '--only-missing');

    expect(processed.length).toBe(20);
    expect(out).toContain('10 objects: 20 saved, 0 failed. Finished.');
  });

  it('takes no list of failures, of which the function would make every output', async () => {
    const { run, dir } = await startWith(1);
    const line = { source: 'oss://photos/uploads/0000.jpg', target: 'oss://photos/small/2026/0000-100.jpg' };
    await writeFile(join(dir, 'failures.jsonl'), `${JSON.stringify(line)}\n`);

    const { exitCode, err } = await run('--keys', join(dir, 'failures.jsonl'), '--yes');

    expect(err).toContain('a list of failures is for this machine: leave out --via function');
    expect(exitCode).toBe(1);
  });

  it.each<[string[], string]>([
    [['--via', 'queue'], '--via: expected "function"'],
    [['--rule', 'small'], 'applies all its rules: --rule is for this machine'],
    [['--fc-endpoint', 'here'], '--fc-endpoint: expected a URL'],
    [['--stop'], '--stop: the same command was not started with --via function'],
  ])('a backfill via the deployed function that is given %j says what is wrong', async (args, message) => {
    const { run } = await startWith(0);

    const { exitCode, err } = await run(...args);

    expect(err).toContain(message);
    expect(exitCode).toBe(2);
  });
});
