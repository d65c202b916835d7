import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { writeRules } from '../src/compile/build.ts';
import { bundleFunction } from '../src/compile/bundle.ts';
import { fetchNode, platformVersion } from './node-binary.ts';
import { ruleSetOf } from './rules/rule-sets.ts';

const run = promisify(execFile);

let built = '';
let platformNode = '';

// Only Linux on x64 runs the Node.js of Function Compute.
describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the code cache', () => {
  beforeAll(async () => {
    platformNode = await fetchNode(platformVersion);
    built = await mkdtemp(join(tmpdir(), 'code-cache-'));
    await bundleFunction(built);
    const outputs = [{ style: 'image/resize,w_10', target: { key: 'derived/{base}' } }];
    writeRules(built, ruleSetOf({ rules: [{ name: 'r', match: { key: 'uploads/**' }, outputs }] }));
    await run(platformNode, ['bin/code-cache.js', built]);
  });
  afterAll(() => rm(built, { recursive: true, force: true }));

  const refusal = /^EventErr.r: /m;

  it.each(['require', 'import'] as const)(
    "the code cache is taken by the platform's Node.js, by %s",
    async (how) => {
      expect(await invoke({ how })).toEqual({ cache: 'taken', thrown: expect.stringMatching(refusal) });
    },
  );

  it.each<[string, string, Invocation]>([
    ['flags of V8 that it was not made under', 'refused by V8', { flags: ['--max-old-space-size=100'] }],
    ['another Node.js', 'none', { node: process.execPath }],
    ['a function of the same length but another text', 'none', { change: renameError }],
    ['a byte of it that was damaged', 'none', { change: changeCache(damageByte) }],
    ['an end that is missing', 'none', { change: changeCache((cache) => cache.subarray(0, -1)) }],
    ['nothing in it', 'none', { change: changeCache(() => Buffer.alloc(0)) }],
    ['no file', 'none', { change: (dir: string) => rm(join(dir, 'function.cache')) }],
  ])('the code cache is left aside with %s, and the function works', async (_, cache, how) => {
    expect(await invoke(how)).toEqual({ cache, thrown: expect.stringMatching(refusal) });
  });

  it('the code cache of another text does not hide what the text says', async () => {
    const { thrown } = await invoke({ change: renameError });

    expect(thrown).toContain('EventErrar: ');
  });

  it.each([
    ['stays where the same function is bundled anew', 'taken', async () => {}],
    ['is removed where another function is bundled', 'none', renameError],
  ])('the code cache %s', async (_, cache, change) => {
    const bundled = async (dir: string) => {
      await change(dir);
      await bundleFunction(dir);
    };

    expect(await invoke({ change: bundled })).toMatchObject({ cache });
  });

  interface Invocation {
    node?: string;
    flags?: readonly string[];
    how?: 'require' | 'import';
    change?: (dir: string) => Promise<void>;
  }

  /** Hands an event that holds nothing to a copy of the built function, and says what became of its code cache. */
  async function invoke({ node = platformNode, flags = [], how = 'require', change }: Invocation) {
    const dir = await copyOfBuilt();
    await change?.(dir);
    const [tell, load] = ['tell-code-cache.cjs', 'load.cjs'].map((name) =>
      resolve('test/fixtures/deploy', name),
    );
    const args = [...flags, '--require', String(tell), String(load), how, dir, '{"event":{},"context":{}}'];
    const { stdout, stderr } = await run(node, args).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    return { cache: /^code cache: (.*)$/m.exec(stdout)?.[1], thrown: stderr };
  }
});

async function copyOfBuilt(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'code-cache-copy-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await cp(built, dir, { recursive: true });
  return dir;
}

async function renameError(dir: string): Promise<void> {
  const file = join(dir, 'function.js');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('name="EventError"', 'name="EventErrar"'));
}

function changeCache(change: (cache: Buffer) => Buffer): (dir: string) => Promise<void> {
  return async (dir) => {
    const file = join(dir, 'function.cache');
    await writeFile(file, change(await readFile(file)));
  };
}

function damageByte(cache: Buffer): Buffer {
  cache[cache.length - 1_000] = (cache[cache.length - 1_000] ?? 0) ^ 1;
  return cache;
}
