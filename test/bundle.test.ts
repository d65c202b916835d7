import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleFunction, importsOf } from '../src/compile/bundle.ts';

let outDir = '';
let metafile: Metafile;

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'bundle-'));
  metafile = await bundleFunction(outDir);
});

afterAll(() => rm(outDir, { recursive: true, force: true }));

/** What is really in the bundle: left-out modules have only a line in it. */
const inputs = () =>
  Object.entries(metafile.outputs).flatMap(([, output]) =>
    Object.entries(output.inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 200)
      .map(([path]) => path),
  );

describe('the deployed bundle', () => {
  it('the deployed bundle is one file of at most 300 KB', () => {
    const [[path = '', output] = []] = Object.entries(metafile.outputs);

    expect(Object.keys(metafile.outputs)).toHaveLength(1);
    expect(basename(path)).toBe('index.js');
    expect(output?.bytes).toBeLessThanOrEqual(300 * 1024);
  });

  it('the deployed bundle holds neither a checker nor a compiler of rules, nor operations that the function does not call', async () => {
    const code = await readFile(join(outDir, 'index.js'), 'utf8');

    expect(
      inputs()
        .filter((path) => /^src\/rules\//.test(path))
        .map((path) => basename(path))
        .sort(),
    ).toEqual(['key-table.ts', 'match.ts', 'rule-set.ts', 'template.ts']);
    const operations = [...code.matchAll(/operation:"(\w+)"/g)].map(([, name]) => name);
    expect(new Set(operations)).toEqual(new Set(['HeadObject', 'ProcessObject']));
  });

  it('refuses rules that another version built, in one sentence', async () => {
    const rulesFile = join(outDir, 'rules.json');
    await writeFile(rulesFile, '{"format":1,"builtBy":"0.0.1","rules":[]}');
    const { handler } = await import(join(outDir, 'index.js'));

    const thrown = await handler(Buffer.from('{"bucket":"photos","key":"k"}'), {}).catch(
      (error: unknown) => error,
    );

    expect(String(thrown)).toBe(
      `RulesError: ${rulesFile} was built by oss-saveas 0.0.1 in format 1, this function reads format 2: rebuild with \`oss-saveas build\`.`,
    );
  });

  // Each costs a cold start its loading: node:http2 alone 3 ms, so a new name here is a decision.
  it("the deployed bundle asks Node for these modules and, lazily, for the default credentials' package", () => {
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
      'node:tls',
      'node:util',
      'node:v8',
    ]);
  });

  it('the deployed bundle holds our own code and a narrow part of undici, nothing else', () => {
    const foreign = inputs().filter(
      (path) => !/^(src\/|node_modules\/undici\/lib\/(core|dispatcher|handler|llhttp|util)\/)/.test(path),
    );

    expect(foreign).toEqual([]);
    expect(
      inputs().filter((path) => /^src\/(cli|local|compile|check|style)\/|client-h2|llhttp-wasm/.test(path)),
    ).toEqual([]);
  });

  it('keeps the class names of errors, which Function Compute reports', async () => {
    const { handler } = await import(join(outDir, 'index.js'));

    const thrown = await handler(Buffer.from('{}'), { region: 'cn-hangzhou' }).catch(
      (error: unknown) => error,
    );

    expect(Object(thrown).constructor.name).toMatch(/^(EventError|RulesError)$/);
  });
});
