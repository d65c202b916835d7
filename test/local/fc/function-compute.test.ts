import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  invokeJson,
  makeDir,
  open,
  readJsonFiles,
  useLocalFunctionCompute,
  writePackage,
} from './fixture.ts';

useLocalFunctionCompute();

const returnsEvent = 'exports.handler = async (event) => event;';
const throws = 'exports.handler = async () => { throw new RangeError("too wide"); };';
const hangs = 'exports.handler = () => new Promise(() => { console.log(1); setInterval(() => {}, 1000); });';
const exits = `exports.handler = async (event) => {
  if (JSON.parse(event).crash) { console.error('going down'); process.exit(3); }
  return process.pid;
};`;
/** Counts its calls in a folder, so that the count outlives the instance. */
const counts = (dir: string, body: string) => `const fs = require('node:fs');
  exports.handler = async (event, context) => {
    fs.appendFileSync(${JSON.stringify(join(dir, 'calls'))}, context.requestId + '\\n');
    const calls = fs.readFileSync(${JSON.stringify(join(dir, 'calls'))}, 'utf8').trim().split('\\n');
    ${body}
  };`;

describe('an asynchronous invocation', () => {
  it('delivers the event and ends with one outcome, nothing kept', async () => {
    const { fc, outcomes, queueDir, deadLetterDir } = await open(returnsEvent);
    const event = { events: [{ oss: { object: { key: 'a b+%{}|,"\' 图片 🎉/a/../b' } } }] };

    fc.enqueue(event);
    await fc.idle();

    expect(outcomes).toMatchObject([{ event, attempts: 1, result: { status: 'succeeded' } }]);
    const [outcome] = outcomes;
    expect(outcome?.result.status === 'succeeded' && JSON.parse(outcome.result.body.toString())).toEqual(
      event,
    );
    expect([readdirSync(queueDir), readdirSync(deadLetterDir)]).toEqual([[], []]);
  });

  it('an asynchronous invocation is tried four times under one request id, then becomes a dead letter', async () => {
    const dir = makeDir();
    const slept: number[] = [];
    const now = () => Date.UTC(2026, 2, 11, 6, 21, 35);
    const { fc, outcomes, queueDir, deadLetterDir } = await open(
      counts(dir, 'throw new RangeError(new Set(calls).size + " request id in " + calls.length + " calls");'),
      { sleep: async (ms) => void slept.push(ms), now },
    );

    fc.enqueue({ key: 'broken.jpg' });
    await fc.idle();

    expect(slept).toEqual([1000, 2000, 4000]);
    expect(readdirSync(queueDir)).toEqual([]);
    const [letter, ...more] = readJsonFiles(deadLetterDir);
    expect(more).toEqual([]);
    expect(letter?.file).toMatch(/^2026-03-11T06-21-35\.000Z-/);
    expect(letter?.content).toEqual({
      time: '2026-03-11T06:21:35.000Z',
      requestId: outcomes[0]?.result.requestId,
      attempts: 4,
      event: { key: 'broken.jpg' },
      error: {
        errorMessage: '1 request id in 4 calls',
        errorType: 'RangeError',
        stackTrace: expect.arrayContaining([expect.stringContaining('index.js')]),
      },
    });
    expect(outcomes).toMatchObject([{ attempts: 4, deadLetter: join(deadLetterDir, letter?.file ?? '') }]);
  });

  it('an asynchronous invocation that succeeds on a retry leaves no dead letter', async () => {
    const { fc, outcomes, deadLetterDir } = await open(
      counts(makeDir(), 'if (calls.length < 3) throw new Error("not yet"); return "done";'),
    );

    fc.enqueue({});
    await fc.idle();

    expect(outcomes).toMatchObject([{ attempts: 3, result: { body: Buffer.from('done') } }]);
    expect(readdirSync(deadLetterDir)).toEqual([]);
  });

  it('an asynchronous invocation is billed for all its attempts, and not for the time it waits in line', async () => {
    const slow = 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 60));';
    const { fc, outcomes } = await open(slow, { maxInstances: 1 });

    for (const key of ['first', 'second', 'third']) {
      fc.enqueue({ key });
    }
    await fc.idle();

    const [, , third] = outcomes;
    expect(outcomes.every(({ billedMs }) => billedMs > 50)).toBe(true);
    // It waited for two others of 60 ms each.
    expect((third?.durationMs ?? 0) - (third?.billedMs ?? 0)).toBeGreaterThan(100);
  });

  it('an asynchronous invocation is billed for an attempt that kills its instance', async () => {
    const dies = 'exports.handler = () => setTimeout(() => process.exit(1), 40) && new Promise(() => {});';
    const { fc, outcomes } = await open(dies, { retryDelaysMs: [0] });

    fc.enqueue({});
    await fc.idle();

    expect(outcomes).toMatchObject([{ attempts: 2, result: { status: 'failed' } }]);
    expect(outcomes[0]?.billedMs).toBeGreaterThan(70);
  });

  it('an asynchronous invocation is on disk as soon as it is accepted', async () => {
    const { fc, queueDir } = await open(hangs);

    fc.enqueue({ key: 'a.jpg' });

    expect(readJsonFiles(queueDir)).toMatchObject([{ content: { event: { key: 'a.jpg' } } }]);
  });

  it('is delivered although the disk does not take it, which is said', async () => {
    const { fc, outcomes, lines, queueDir } = await open(returnsEvent);
    rmSync(queueDir, { recursive: true });

    fc.enqueue({ key: 'a.jpg' });
    await fc.idle();

    expect(outcomes).toMatchObject([{ event: { key: 'a.jpg' }, result: { status: 'succeeded' } }]);
    expect(lines).toMatchObject([{ message: 'event not in the queue folder' }]);
  });

  it('unfinished when we stop is delivered by the next start, under its request id', async () => {
    const first = await open(hangs, { maxInstances: 1, retryDelaysMs: [] });
    first.fc.enqueue({ key: 'running.jpg' });
    first.fc.enqueue({ key: 'waiting.jpg' });
    const kept = readJsonFiles(first.queueDir);
    await vi.waitUntil(() => first.lines.some(({ message }) => message === 'function output'));
    await first.fc.close();
    first.fc.enqueue({ key: 'late.jpg' });
    await first.fc.idle();

    const second = await open(returnsEvent, { queueDir: first.queueDir });
    await second.fc.idle();

    const keys = second.outcomes.map(({ event }) => event);
    expect(keys).toHaveLength(3);
    expect(keys).toEqual(
      expect.arrayContaining([{ key: 'running.jpg' }, { key: 'waiting.jpg' }, { key: 'late.jpg' }]),
    );
    const ids = second.outcomes.map(({ result }) => expect.objectContaining({ requestId: result.requestId }));
    for (const { content } of kept) {
      expect(ids.some((id) => id.asymmetricMatch(content))).toBe(true);
    }
    expect([first.outcomes, readdirSync(first.queueDir), readdirSync(first.deadLetterDir)]).toEqual([
      [],
      [],
      [],
    ]);
  });

  it('waiting for its retry when we stop is not lost either', async () => {
    const first = await open(throws, { retryDelaysMs: [3_600_000] });
    first.fc.enqueue({ key: 'a.jpg' });
    await vi.waitUntil(() => first.lines.some(({ message }) => message === 'invocation failed'), {
      timeout: 10_000,
    });
    await first.fc.close();
    await first.fc.idle();

    const second = await open(returnsEvent, { queueDir: first.queueDir });
    await second.fc.idle();

    expect(second.outcomes).toMatchObject([{ event: { key: 'a.jpg' }, result: { status: 'succeeded' } }]);
  });

  it('given up can be put back by moving its dead letter into the queue folder', async () => {
    const { fc, deadLetterDir } = await open(throws);
    fc.enqueue({ key: 'a.jpg' });
    await fc.idle();

    const second = await open(returnsEvent, { queueDir: deadLetterDir });
    await second.fc.idle();

    expect(second.outcomes).toMatchObject([{ event: { key: 'a.jpg' }, result: { status: 'succeeded' } }]);
  });

  it('an asynchronous invocation stays in the queue when its own bookkeeping breaks, and says so', async () => {
    const credentials = async () => Promise.reject(new Error('no role'));
    const { fc, queueDir, lines } = await open(returnsEvent, { credentials });

    fc.enqueue({});
    await fc.idle();

    expect(readdirSync(queueDir)).toHaveLength(1);
    expect(lines).toMatchObject([{ message: 'delivery broke off', fields: { error: 'Error: no role' } }]);
  });

  it.each(['[]', '{"requestId": 1}', '{"reques'])(
    'is delivered although another file of the queue is damaged: %s',
    async (text) => {
      const queueDir = makeDir();
      writeFileSync(join(queueDir, '1.json'), text);
      writeFileSync(join(queueDir, '2.json'), '{"requestId": "a", "event": {"key": "a.jpg"}}');

      const { fc, outcomes, setAside } = await open(returnsEvent, { queueDir });
      await fc.idle();

      expect(setAside).toEqual([join(queueDir, '1.json')]);
      expect(outcomes).toMatchObject([{ event: { key: 'a.jpg' }, result: { status: 'succeeded' } }]);
    },
  );
});

describe('instances', () => {
  it('instances that run while the code is replaced end on the old code, and are not used again', async () => {
    const slow = 'exports.handler = () => new Promise((end) => setTimeout(end, 300, "old"));';
    const { fc } = await open(slow, { maxInstances: 1 });
    const underWay = fc.invoke(Buffer.from('{}'));
    await new Promise((resolve) => setTimeout(resolve, 150));

    await fc.replaceCode(writePackage('exports.handler = async () => "new";'));
    const [old, next] = [await underWay, await fc.invoke(Buffer.from('{}'))];

    expect([old, next].map((result) => result.status === 'succeeded' && String(result.body))).toEqual([
      'old',
      'new',
    ]);
  });

  it('instances never run more events at once than reserved, and do run that many', async () => {
    const dir = makeDir();
    const { fc, outcomes } = await open(
      `const fs = require('node:fs');
       const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
       exports.handler = async (event, { requestId }) => {
         fs.writeFileSync(${JSON.stringify(dir)} + '/running-' + requestId, '');
         fs.writeFileSync(${JSON.stringify(dir)} + '/started-' + requestId, '');
         const count = (kind) => fs.readdirSync(${JSON.stringify(dir)}).filter((name) => name.startsWith(kind)).length;
         while (count('started') < 2) await pause();
         await pause();
         const running = count('running');
         fs.rmSync(${JSON.stringify(dir)} + '/running-' + requestId);
         return running;
       };`,
      { maxInstances: 2 },
    );

    for (let i = 0; i < 8; i += 1) {
      fc.enqueue({ i });
    }
    await fc.idle();

    const running = outcomes.map(
      ({ result }) => result.status === 'succeeded' && Number(result.body.toString()),
    );
    expect(running).toHaveLength(8);
    expect(Math.max(...running.map(Number))).toBe(2);
  });

  it('instances stay warm between events', async () => {
    const { fc } = await open('let calls = 0; exports.handler = async () => { calls += 1; return calls; };');

    expect([await invokeJson(fc), await invokeJson(fc), await invokeJson(fc)]).toEqual([1, 2, 3]);
  });

  it('instances are killed at the time limit, which counts as a function error', async () => {
    const { fc, outcomes } = await open(hangs, { function: { timeoutMs: 150 }, retryDelaysMs: [0] });

    fc.enqueue({});
    await fc.idle();

    expect(outcomes).toMatchObject([
      {
        attempts: 2,
        result: { status: 'failed', error: { errorMessage: 'Function timed out after 0.15 seconds' } },
        deadLetter: expect.any(String),
      },
    ]);
  });

  it('instances are killed at the time limit even when their event loop is stuck', async () => {
    const { fc } = await open('exports.handler = () => { for (;;); };', { function: { timeoutMs: 150 } });

    await expect(invokeJson(fc)).rejects.toThrow('Function timed out after 0.15 seconds');
  });

  it('instances that crash fail their event, and the next event gets a new one', async () => {
    const { fc, lines } = await open(exits, { maxInstances: 1 });
    const pid = await invokeJson(fc);

    const crashed = await fc.invoke(Buffer.from('{"crash":true}'));
    const nextPid = await invokeJson(fc);

    expect(crashed).toMatchObject({
      status: 'failed',
      error: { errorMessage: 'Process exited unexpectedly before completing request (exit code 3)' },
    });
    expect(lines).toContainEqual({
      message: 'function output',
      fields: { requestId: crashed.requestId, line: 'going down' },
    });
    expect(nextPid).not.toBe(pid);
  });

  it('instances that were killed while idle are replaced', async () => {
    const { fc } = await open(exits, { maxInstances: 1 });
    const pid = Number(await invokeJson(fc));
    process.kill(pid, 'SIGKILL');
    await vi.waitUntil(() => !isRunning(pid), { timeout: 10_000 });

    expect(await invokeJson(fc)).not.toBe(pid);
  });

  it('instances that cannot start fail the invocation instead of hanging it', async () => {
    const { fc } = await open(returnsEvent, { instanceProgram: '/nowhere/fc-instance.js' });

    await expect(invokeJson(fc)).rejects.toThrow(/exited unexpectedly .*exit code 1/);
  });

  it('forward what they write under the request id it belongs to', async () => {
    const { fc, lines } = await open(
      'exports.handler = async (event) => { console.log((event + "\\n").repeat(50_000)); console.warn("warned"); };',
    );

    const first = await fc.invoke(Buffer.from('AAAA'));
    const second = await fc.invoke(Buffer.from('BBBB'));

    const of = (requestId: string) =>
      lines.filter(({ fields }) => fields?.requestId === requestId).map(({ fields }) => fields?.line);
    expect(new Set(of(first.requestId))).toEqual(new Set(['AAAA', '', 'warned']));
    expect(new Set(of(second.requestId))).toEqual(new Set(['BBBB', '', 'warned']));
    expect(of(second.requestId)).toHaveLength(50_002);
  });

  it('instances are not fooled by what the code itself writes to the channel', async () => {
    const { fc } = await open(
      'exports.handler = async () => { process.send("hello"); process.send({ type: "result" }); return 1; };',
    );

    expect(await invokeJson(fc)).toBe(1);
  });

  it('instances are gone after closing, and invocations are refused', async () => {
    const { fc } = await open(exits);
    const pid = Number(await invokeJson(fc));

    await fc.close();

    expect(isRunning(pid)).toBe(false);
    await expect(invokeJson(fc)).rejects.toThrow('The local Function Compute is closed');
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
