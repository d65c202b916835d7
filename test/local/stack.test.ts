import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { StackEvent } from '../../src/local/stack-events.ts';
import { useLocalFunctionCompute } from './fc/fixture.ts';
import { send, signV4 } from './oss/v4-client.ts';
import { makeProject, put, ruleNames, silent, start } from './running-stack.ts';

const fonts = vi.hoisted((): { undrawable: string[] } => ({ undrawable: [] }));
vi.mock('../../src/local/image/fonts.ts', async (importOriginal) => ({
  ...(await importOriginal<typeof import('../../src/local/image/fonts.ts')>()),
  findUndrawable: async () => fonts.undrawable,
}));

useLocalFunctionCompute();

describe('a start', () => {
  it('a start warns where no font of the machine can draw watermarks, and only there', async () => {
    const warn = vi.fn();
    await start({ log: { ...silent, warn } });
    expect(warn).not.toHaveBeenCalled();

    fonts.undrawable = ['中'];
    onTestFinished(() => {
      fonts.undrawable = [];
    });
    await start({ log: { ...silent, warn } });

    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('no font'), { letters: ['中'] });
  });
});

describe('a stack that cannot start', () => {
  it('a stack that cannot start names --port for a port that cannot be opened, and lets the folder and the function go', async () => {
    const project = makeProject();
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await vi.waitUntil(() => other.listening);
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;

    await expect(start({ port }, project)).rejects.toThrow(
      `Port ${port} of 127.0.0.1 cannot be opened: listen EADDRINUSE: address already in use 127.0.0.1:${port}. Choose another one with --port.`,
    );
    expect(existsSync(join(project.dataDir, 'lock'))).toBe(false);
  });
});

describe('the function of a stack', () => {
  it('the function is given what an earlier stack left in the queue', async () => {
    const project = makeProject();
    await (await start({}, project)).close();
    writeFileSync(join(project.dataDir, 'queue/1.json'), '{"requestId": "1", "event": {"key": "left.jpg"}}');

    const stack = await start({}, project);
    await stack.functionCompute.idle();

    const outcomes = stack.events.flatMap((event) => (event.type === 'outcome' ? [event.outcome] : []));
    expect(outcomes).toMatchObject([{ event: { key: 'left.jpg' }, result: { status: 'succeeded' } }]);
  });

  it('the function is not called for what is removed, of which listeners hear', async () => {
    const stack = await start();
    await put(stack, 'uploads/a.jpg');
    const port = Number(new URL(stack.url).port);
    await send(port, signV4({ method: 'DELETE', bucket: 'photos', key: 'uploads/a.jpg' }));
    await stack.functionCompute.idle();

    const names = stack.events.flatMap((event) => (event.type === 'object' ? [event.record.eventName] : []));
    const deliveries = stack.events.filter(({ type }) => type === 'delivery');
    expect(names).toEqual(['ObjectCreated:PutObject', 'ObjectRemoved:DeleteObject']);
    expect(deliveries).toHaveLength(1);
  });
});

describe('what happens in a stack', () => {
  it('what happens in a stack is told to whoever listens: the object, its delivery, what the function writes, the outcome', async () => {
    const stack = await start();
    const heard: StackEvent[] = [];
    const unsubscribe = stack.subscribe((event) => heard.push(event));

    await put(stack, 'uploads/a.jpg');
    await stack.functionCompute.idle();
    unsubscribe();
    await put(stack, 'uploads/b.jpg');
    await stack.functionCompute.idle();

    const told = heard.filter((event) => event.type !== 'log' || event.message === 'function output');
    const [requestId] = told.flatMap((event) => (event.type === 'delivery' ? [event.requestId] : []));
    expect(told).toMatchObject([
      { type: 'object', record: { oss: { object: { key: 'uploads/a.jpg' } } } },
      { type: 'delivery', event: { events: [{ oss: { object: { key: 'uploads/a.jpg' } } }] } },
      { type: 'log', level: 'info', fields: { requestId, line: 'hello' } },
      { type: 'outcome', requestId, outcome: { attempts: 1, result: { status: 'succeeded' } } },
    ]);
  });
});

describe('a debugger', () => {
  it('a debugger is told where to attach, and meets one instance with time to spare', async () => {
    const stack = await start({ inspect: '127.0.0.1:0' });
    writeFileSync(join(stack.bundleDir, 'index.js'), 'exports.handler = async (_, c) => c.function.timeout;');
    await stack.reload();

    expect(await ruleNames(stack)).toBe(3600);
    const lines = stack.events.flatMap((event) => (event.type === 'log' ? [String(event.fields.line)] : []));
    expect(lines.join('\n')).toMatch(/Debugger listening on ws:\/\/127\.0\.0\.1:\d+\//);
  });
});
