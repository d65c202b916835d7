import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadRules } from '../../src/cli/project.ts';
import { type LocalStack, type LocalStackOptions, startLocalStack } from '../../src/local/stack.ts';
import type { StackEvent } from '../../src/local/stack-events.ts';
import { send, signV4 } from './oss/v4-client.ts';

const fonts = vi.hoisted(() => ({ undrawable: [] as string[] }));
vi.mock('../../src/local/image/fonts.ts', async (importOriginal) => ({
  ...(await importOriginal<typeof import('../../src/local/image/fonts.ts')>()),
  findUndrawable: async () => fonts.undrawable,
}));

let root = '';
let instanceProgram = '';
const accessKey = { id: 'local', secret: 'local-secret' };
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A function that tells by which rules it runs, so that a stack of it starts at once. */
const tellsRules = `const { rules } = require('./rules.json');
  exports.handler = async () => { console.log('hello'); return rules.map(({ name }) => name); };`;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'local-stack-test-'));
  instanceProgram = join(root, 'fc-instance.mjs');
  const entryPoints = ['src/local/fc/instance.ts'];
  await build({ entryPoints, bundle: true, platform: 'node', format: 'esm', outfile: instanceProgram });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const rulesNamed = (name: string, bucket = 'photos') => `rules:
  - name: ${name}
    match: { key: "uploads/**", bucket: ${bucket} }
    outputs:
      - style: image/resize,w_100
        target: { key: "derived/{key}" }
`;

function makeProject() {
  const dir = mkdtempSync(join(root, 'project-'));
  const [bundleDir, rulesFile, dataDir] = [join(dir, 'dist'), join(dir, 'rules.yaml'), join(dir, 'data')];
  mkdirSync(bundleDir);
  writeFileSync(join(bundleDir, 'index.js'), tellsRules);
  writeFileSync(rulesFile, rulesNamed('first'));
  return { bundleDir, rulesFile, dataDir };
}

async function start(options: Partial<LocalStackOptions> = {}, project = makeProject()) {
  const events: StackEvent[] = [];
  const stack = await startLocalStack({
    ...project,
    readRules: async () => (await loadRules(project.rulesFile)).ruleSet,
    port: 0,
    instanceProgram,
    accessKey,
    region: 'cn-hangzhou',
    log: silent,
    listener: (event) => events.push(event),
    ...options,
  });
  onTestFinished(stack.close);
  return { ...stack, ...project, events };
}

const put = ({ url }: LocalStack, key: string, body = 'x') =>
  send(Number(new URL(url).port), signV4({ method: 'PUT', bucket: 'photos', key, body }));

async function ruleNames({ functionCompute }: LocalStack): Promise<unknown> {
  const result = await functionCompute.invoke(Buffer.from('{}'));
  return result.status === 'succeeded' ? JSON.parse(result.body.toString()) : result.error;
}

describe('a start', () => {
  it('warns where no font of the machine can draw watermarks, and only there', async () => {
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

describe('a data folder', () => {
  it('a data folder that a living process uses is refused to another stack, and given back at the end', async () => {
    const project = makeProject();
    const first = await start({}, project);

    await expect(start({}, project)).rejects.toThrow(
      `The folder ${project.dataDir} is in use by process ${process.pid}, another local OSS.`,
    );
    expect((await put(first, 'uploads/a.jpg')).statusCode).toBe(200);
    await first.close();
    await expect(start({}, project)).resolves.toHaveProperty('url');
  });

  it('a data folder whose process was killed is taken over', async () => {
    const project = makeProject();
    mkdirSync(project.dataDir);
    writeFileSync(join(project.dataDir, 'lock'), '999999999');

    await expect(start({}, project)).resolves.toHaveProperty('url');
  });

  it('a data folder keeps what is sound when everything else in it is damaged, and tells where that went', async () => {
    const project = makeProject();
    const before = await start({}, project);
    await put(before, 'uploads/sound.jpg');
    await put(before, 'uploads/cut.jpg', 'c'.repeat(5000));
    await before.functionCompute.idle();
    await before.close();
    const oss = join(project.dataDir, 'oss');
    const objects = readdirSync(join(oss, 'buckets/photos'), { recursive: true, withFileTypes: true });
    const cut = objects.filter((entry) => entry.isFile() && entry.name.length === 64);
    for (const { parentPath, name } of cut.filter((entry) => sizeOf(entry) > 5000)) {
      truncateSync(join(parentPath, name), 100);
    }
    writeFileSync(join(oss, 'buckets/photos/settings.json'), '{"acl": "private", "styl');
    writeFileSync(join(oss, 'buckets/stray.txt'), 'stray');
    mkdirSync(join(oss, 'uploads/half'));
    writeFileSync(join(project.dataDir, 'queue/1.json'), '{"requ');

    const after = await start({}, project);

    const messages = after.events.filter(({ type }) => type === 'log');
    const aside = messages.flatMap((event) =>
      event.type === 'log' && event.message === 'damaged file set aside' ? [String(event.fields.path)] : [],
    );
    expect(aside.map((path) => path.slice(project.dataDir.length + 1)).sort()).toEqual([
      expect.stringMatching(/^oss\/buckets\/photos\/..\/[0-9a-f]{64}$/),
      'oss/buckets/photos/settings.json',
      'oss/buckets/stray.txt',
      'oss/uploads/half',
      'queue/1.json',
    ]);
    expect(readdirSync(join(project.dataDir, 'damaged'))).toHaveLength(5);
    expect(after.oss.store.bucket('photos').keys).toEqual(['uploads/sound.jpg']);
  });
});

function sizeOf({ parentPath, name }: { parentPath: string; name: string }): number {
  return statSync(join(parentPath, name)).size;
}

describe('a stack that cannot start', () => {
  it('names --port for a port in use, and lets the folder and the function go', async () => {
    const project = makeProject();
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await vi.waitUntil(() => other.listening);
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;

    await expect(start({ port }, project)).rejects.toThrow(
      `Port ${port} of 127.0.0.1 is in use, perhaps by another local OSS. Choose another one with --port.`,
    );
    expect(existsSync(join(project.dataDir, 'lock'))).toBe(false);
  });
});

describe('rules that are edited while the stack runs', () => {
  it('rules that are edited while the stack runs are taken by the function, their new bucket with them', async () => {
    const stack = await start();
    expect(await ruleNames(stack)).toEqual(['first']);

    writeFileSync(stack.rulesFile, rulesNamed('second', 'others'));

    await vi.waitFor(async () => expect(await ruleNames(stack)).toEqual(['second']), { timeout: 5_000 });
    expect(stack.oss.store.bucketNames()).toEqual(['others', 'photos']);
    expect(stack.events).toContainEqual({
      type: 'rules',
      update: {
        status: 'loaded',
        ruleSet: expect.objectContaining({ rules: [expect.objectContaining({ name: 'second' })] }),
      },
      timeMs: expect.any(Number),
    });
  });

  it('rules that are edited while the stack runs are refused when they are wrong, and the earlier ones stay', async () => {
    const stack = await start();
    writeFileSync(stack.rulesFile, 'rules: [{}]');

    const update = await stack.reload();

    expect(update).toMatchObject({ status: 'refused', message: expect.stringContaining('name') });
    expect(await ruleNames(stack)).toEqual(['first']);
  });
});

describe('a rules file that is gone again as soon as it was read', () => {
  it('a rules file that is gone as soon as it was read ends neither the stack nor its page', async () => {
    const project = makeProject();
    const readRules = async () => {
      const { ruleSet } = await loadRules(project.rulesFile);
      rmSync(project.rulesFile);
      return ruleSet;
    };
    const stack = await start({ readRules, pageDir: root }, project);
    writeFileSync(project.rulesFile, rulesNamed('second'));

    expect(await stack.reload()).toMatchObject({ status: 'loaded' });
    expect(await ruleNames(stack)).toEqual(['second']);
    expect(await stack.reload()).toMatchObject({ status: 'refused' });
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

describe('the function of a stack whose rules delete outputs with their source', () => {
  it('the function of a stack is called for deletions too, from the moment that the rules say so', async () => {
    const project = makeProject();
    const stack = await start({}, project);
    const port = Number(new URL(stack.url).port);
    const remove = async () => {
      await put(stack, 'uploads/a.jpg');
      await send(port, signV4({ method: 'DELETE', bucket: 'photos', key: 'uploads/a.jpg' }));
      await stack.functionCompute.idle();
      return stack.events.filter(({ type }) => type === 'delivery').length;
    };
    expect(await remove()).toBe(1);

    writeFileSync(
      project.rulesFile,
      rulesNamed('second').replace('    outputs:', '    onRemove: delete\n    outputs:'),
    );
    await stack.reload();

    expect(await remove()).toBe(3);
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
