import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { hangs, makeDir, open, readJsonFiles, returnsEvent, useLocalFunctionCompute } from './fixture.ts';

useLocalFunctionCompute();

const throws = 'exports.handler = async () => { throw new RangeError("too wide"); };';
/** Counts its calls in a folder, so that the count outlives the instance. */
const counts = (dir: string, body: string) => `const fs = require('node:fs');
  exports.handler = async (event, context) => {
    fs.appendFileSync(${JSON.stringify(join(dir, 'calls'))}, context.requestId + '\\n');
    const calls = fs.readFileSync(${JSON.stringify(join(dir, 'calls'))}, 'utf8').trim().split('\\n');
    ${body}
  };`;

describe('an asynchronous invocation', () => {
  it('an asynchronous invocation delivers the event and ends with one outcome, nothing kept', async () => {
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

  it('an asynchronous invocation that failed is told of and logged with the time until its retry', async () => {
    const told: unknown[] = [];
    const observe = (event: object) => void told.push(event);
    const { fc, lines } = await open('exports.handler = () => { throw new Error("not yet"); };', { observe });

    fc.enqueue({});
    await fc.idle();

    const retries = [1000, 2000, 4000].map((retryInMs, i) => ({ attempts: i + 1, retryInMs }));
    expect(told).toMatchObject([
      { type: 'delivery' },
      ...retries.map((retry) => ({ type: 'retry', ...retry })),
      { type: 'outcome' },
    ]);
    const logged = lines.filter(({ message }) => message === 'invocation failed');
    expect(logged.map(({ fields }) => fields)).toMatchObject(retries);
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
    // It answers with the time that it took by its own clock.
    const slow = `exports.handler = async () => {
      const startedMs = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 60));
      return String(performance.now() - startedMs);
    };`;
    const { fc, outcomes } = await open(slow, { maxInstances: 1 });

    for (const key of ['first', 'second', 'third']) {
      fc.enqueue({ key });
    }
    await fc.idle();

    const missing = outcomes.filter(
      ({ billedMs, result }) => result.status !== 'succeeded' || billedMs < Number(result.body),
    );
    expect([outcomes.length, missing]).toEqual([3, []]);
    // The third waited for the two others; durations are in whole milliseconds.
    const [first = 0, second = 0, third = 0] = outcomes.map(({ billedMs }) => billedMs);
    expect(outcomes[2]?.durationMs).toBeGreaterThan(first + second + third - 2);
  });

  it('an asynchronous invocation is billed for an attempt that kills its instance', async () => {
    const dies = 'exports.handler = () => setTimeout(() => process.exit(1), 40) && new Promise(() => {});';
    const { fc, outcomes } = await open(dies, { retryDelaysMs: [0] });

    fc.enqueue({});
    await fc.idle();

    expect(outcomes).toMatchObject([{ attempts: 2, result: { status: 'failed' } }]);
    // There were two of 40 ms each, by timers that may end a millisecond early.
    expect(outcomes[0]?.billedMs).toBeGreaterThan(70);
  });

  it('an asynchronous invocation is on disk as soon as it is accepted', async () => {
    const { fc, queueDir } = await open(hangs);

    fc.enqueue({ key: 'a.jpg' });

    expect(readJsonFiles(queueDir)).toMatchObject([{ content: { event: { key: 'a.jpg' } } }]);
  });

  it('an asynchronous invocation is delivered although the disk does not take it, which is said', async () => {
    const { fc, outcomes, lines, queueDir } = await open(returnsEvent);
    rmSync(queueDir, { recursive: true });

    fc.enqueue({ key: 'a.jpg' });
    await fc.idle();

    expect(outcomes).toMatchObject([{ event: { key: 'a.jpg' }, result: { status: 'succeeded' } }]);
    expect(lines).toMatchObject([{ message: 'event not in the queue folder' }]);
  });

  it('an invocation that is unfinished when we stop is delivered by the next start, under its request id', async () => {
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

  it('an invocation that waits for its retry when we stop is not lost either', async () => {
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

  it('an invocation that was given up can be put back by moving its dead letter into the queue folder', async () => {
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

  it.each(['[]', '{"requestId": 1}', '{"requestId": "a"}', '{"reques'])(
    'an asynchronous invocation is delivered although another file of the queue is damaged: %s',
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
