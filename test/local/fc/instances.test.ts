import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { heldBytes } from '../../held-bytes.ts';
import {
  hangs,
  invokeJson,
  isRunning,
  makeDir,
  open,
  returnsEvent,
  useLocalFunctionCompute,
  writePackage,
} from './fixture.ts';

useLocalFunctionCompute();

const exits = `exports.handler = async (event) => {
  if (JSON.parse(event).crash) { console.error('going down'); process.exit(3); }
  return process.pid;
};`;

describe('instances', () => {
  it('instances that run while the code is replaced end on the old code, and are not used again', async () => {
    const released = join(makeDir(), 'released');
    const slow = `const { existsSync } = require('node:fs');
      exports.handler = async () => {
        console.log('process', process.pid);
        while (!existsSync(${JSON.stringify(released)})) {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        return 'old';
      };`;
    const { fc, lines } = await open(slow, { maxInstances: 1 });
    const underWay = fc.invoke(Buffer.from('{}'));
    const pid = await vi.waitUntil(
      () => lines.map(({ fields }) => Number(String(fields?.line).split(' ')[1])).find(Number.isInteger),
      15_000,
    );

    await fc.replaceCode(writePackage('exports.handler = async () => "new";'));
    writeFileSync(released, '');
    const [old, next] = [await underWay, await fc.invoke(Buffer.from('{}'))];

    expect([old, next].map((result) => result.status === 'succeeded' && String(result.body))).toEqual([
      'old',
      'new',
    ]);
    expect(isRunning(pid)).toBe(false);
  });

  it('instances keep no answer that they gave', async () => {
    const { fc } = await open("exports.handler = async () => 'x'.repeat(4 * 1024 * 1024);", {
      maxInstances: 1,
    });
    await fc.invoke(Buffer.from('{}'));
    const before = heldBytes();

    for (let i = 0; i < 8; i += 1) {
      await fc.invoke(Buffer.from('{}'));
    }

    await expect.poll(heldBytes).toBeLessThan(before + 16 * 1024 * 1024);
  });

  it('instances never run more events at once than reserved, and do run that many', async () => {
    const dir = makeDir();
    const { fc, outcomes } = await open(
      // The second pause gives a third event time to come, which none may: nothing else would show it.
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

  it('instances forward what they write under the request id that it belongs to', async () => {
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

  it('instances that are at work are gone after closing, too', async () => {
    const { fc, lines } = await open(hangs.replace('console.log(1)', 'console.log(process.pid)'));
    fc.enqueue({});
    const line = await vi.waitUntil(() => lines.find(({ message }) => message === 'function output'));

    await fc.close();

    expect(isRunning(Number(line.fields?.line))).toBe(false);
  });

  it('instances are gone after closing, and invocations and other code are refused', async () => {
    const { fc } = await open(exits);
    const pid = Number(await invokeJson(fc));

    await fc.close();

    expect(isRunning(pid)).toBe(false);
    await expect(invokeJson(fc)).rejects.toThrow('The local Function Compute is closed');
    await expect(fc.replaceCode(writePackage(returnsEvent))).rejects.toThrow(
      'The local Function Compute is closed',
    );
  });
});
