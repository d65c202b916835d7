import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleFunction, importsOf } from '../src/cli/build.ts';

let outDir = '';
let metafile: Metafile;

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'bundle-'));
  metafile = await bundleFunction(outDir);
});

afterAll(() => rm(outDir, { recursive: true, force: true }));

/** What is really in the bundle: left-out modules have only a line in it. */
const inputs = () =>
  Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 200)
      .map(([path]) => path),
  );

describe('the deployed bundle', () => {
  it('is one file of at most 300 KB', () => {
    const sizes = Object.values(metafile.outputs).map(({ bytes }) => bytes);

    expect(sizes).toHaveLength(1);
    expect(sizes[0]).toBeLessThanOrEqual(300 * 1024);
  });

  // Each costs a cold start its loading: node:http2 alone 3 ms, so a new name here is a decision.
  it("asks Node for these modules and, lazily, for the default credentials' package", () => {
    expect(importsOf(metafile)).toEqual([
      '@alicloud/credentials',
      'node:assert',
      'node:buffer',
      'node:crypto',
      'node:diagnostics_channel',
      'node:events',
      'node:fs',
      'node:net',
      'node:querystring',
      'node:stream',
      'node:timers/promises',
      'node:tls',
      'node:util',
      'node:v8',
    ]);
  });

  it('holds our own code and a narrow part of undici, nothing else', () => {
    const foreign = inputs().filter(
      (path) => !/^(src\/|node_modules\/undici\/lib\/(core|dispatcher|handler|llhttp|util)\/)/.test(path),
    );

    expect(foreign).toEqual([]);
    expect(inputs().filter((path) => /^src\/(cli|local)\/|client-h2|llhttp-wasm/.test(path))).toEqual([]);
  });

  it('keeps the class names of errors, which Function Compute reports', async () => {
    const { handler } = await import(join(outDir, 'index.js'));

    const thrown = await handler(Buffer.from('{}'), { region: 'cn-hangzhou' }).catch(
      (error: unknown) => error,
    );

    expect(Object(thrown).constructor.name).toMatch(/^(EventError|RulesError)$/);
  });
});
