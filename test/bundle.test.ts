import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Metafile } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundleFunction, importsOf } from '../src/cli/build/bundle.ts';

let outDir = '';
let metafile: Metafile;

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'bundle-'));
  metafile = await bundleFunction(outDir);
});

afterEach(() => vi.unstubAllEnvs());
afterAll(() => rm(outDir, { recursive: true, force: true }));

/** The file that every cold start loads. */
const main = () => Object.entries(metafile.outputs).filter(([path]) => path.endsWith('/index.js'));

/** What is really in the bundle: left-out modules have only a line in it. */
const inputs = (outputs = Object.entries(metafile.outputs)) =>
  outputs.flatMap(([, output]) =>
    Object.entries(output.inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 200)
      .map(([path]) => path),
  );

describe('the deployed bundle', () => {
  it('is a file of at most 300 KB, and one more for rules that were not compiled', () => {
    const [[, index] = []] = main();

    expect(
      Object.keys(metafile.outputs)
        .map((path) => basename(path))
        .sort(),
    ).toEqual(['index.js', 'rule-checker.js']);
    expect(index?.bytes).toBeLessThanOrEqual(300 * 1024);
  });

  it('spares a cold start what only those rules need', () => {
    const checker = inputs().filter((path) => /rules\/(schema|document|issue|output-checks)\.ts$/.test(path));

    expect(checker).toHaveLength(4);
    expect(inputs(main()).filter((path) => checker.includes(path))).toEqual([]);
  });

  it('checks rules from the environment with that file', async () => {
    vi.stubEnv('RULES', '{"rules":[{"name":"r"}]}');
    const { handler } = await import(join(outDir, 'index.js'));

    const thrown = await handler(Buffer.from('{"bucket":"photos","key":"k"}'), {}).catch(
      (error: unknown) => error,
    );

    expect(String(thrown)).toContain(
      'RulesError: The rules in the RULES setting are wrong:\n- rules[0].match',
    );
  });

  // Each costs a cold start its loading: node:http2 alone 3 ms, so a new name here is a decision.
  it("asks Node for these modules and, lazily, for the checker and the default credentials' package", () => {
    expect(importsOf(metafile)).toEqual([
      './rule-checker.js',
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
