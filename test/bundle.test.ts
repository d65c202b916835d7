import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { writeRules } from '../src/compile/build.ts';
import { bundleFunction } from '../src/compile/bundle.ts';
import { startOss } from './local/oss/running-oss.ts';
import { portOf } from './port-of.ts';
import { ruleSetOf } from './rules/rule-sets.ts';

let outDir = '';
let metafile: Metafile;

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'bundle-'));
  metafile = await bundleFunction(outDir);
});

afterAll(() => rm(outDir, { recursive: true, force: true }));

/** The files that are really in the bundle: left-out modules have only a line in it. */
const inputs = ({ outputs } = metafile) =>
  Object.entries(outputs).flatMap(([, output]) =>
    Object.entries(output.inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 200)
      .map(([path]) => path),
  );

describe('the deployed bundle', () => {
  it('the deployed bundle is one file of at most 300 KB', () => {
    const [[path = '', output] = []] = Object.entries(metafile.outputs);

    expect(Object.keys(metafile.outputs)).toHaveLength(1);
    expect(basename(path)).toBe('function.js');
    expect(output?.bytes).toBeLessThanOrEqual(300 * 1024);
  });

  it('the deployed bundle holds neither a checker nor a compiler of rules, nor operations that the function does not call', async () => {
    const code = await readFile(join(outDir, 'function.js'), 'utf8');

    expect(
      inputs()
        .filter((path) => /^src\/rules\//.test(path))
        .map((path) => basename(path))
        .sort(),
    ).toEqual(['key-table.ts', 'match.ts', 'rule-set.ts', 'template.ts']);
    const operations = [...code.matchAll(/operation:"(\w+)"/g)].map(([, name]) => name);
    expect(new Set(operations)).toEqual(
      new Set(['AsyncProcessObject', 'CopyObject', 'DeleteObject', 'HeadObject', 'ProcessObject']),
    );
  });

  it('the deployed bundle holds every function of the files that it is made of', async () => {
    const code = await readFile(join(outDir, 'function.js'), 'utf8');
    const sources = Object.keys(metafile.inputs).filter((path) => /^src\//.test(path));

    const missing: string[] = [];
    for (const path of sources) {
      const text = await readFile(path, 'utf8');
      for (const [, name = ''] of text.matchAll(/^(?:export )?(?:async )?(?:class|function\*?) (\w+)/gm)) {
        if (!new RegExp(`\\b${name}\\d*\\b`).test(code)) {
          missing.push(`${name} of ${path}`);
        }
      }
    }
    expect(missing).toEqual([]);
    expect(sources.length).toBeGreaterThan(35);
  });

  it('the deployed bundle refuses rules that another version built, in one sentence', async () => {
    const rulesFile = join(outDir, 'rules.json');
    await writeFile(rulesFile, '{"format":1,"builtBy":"0.0.1","rules":[]}');
    const { handler } = await import(join(outDir, 'index.js'));

    const thrown = await handler(Buffer.from('{"bucket":"photos","key":"k"}'), {}).catch(
      (error: unknown) => error,
    );

    expect(String(thrown)).toBe(
      `RulesError: ${rulesFile} was built by oss-saveas 0.0.1 in format 1, this function reads format 3: rebuild with \`oss-saveas build\`.`,
    );
  });

  // Each costs a cold start its loading: node:http2 alone 3 ms, so a new name here is a decision.
  it("the deployed bundle asks Node for these modules and, lazily, for what follows a save and the default credentials' package", () => {
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
    const asked = imports.filter(({ external }) => external).map(({ path }) => path);

    expect([...new Set(asked)].sort()).toEqual([
      '@alicloud/credentials',
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

  const upload = { bucket: 'photos', key: 'uploads/a' };
  const deletion = {
    events: [
      {
        ...{ eventName: 'ObjectRemoved:DeleteObject', eventTime: '2026-03-11T06:21:35Z' },
        oss: { bucket: { name: 'photos' }, object: { key: 'uploads/gone' } },
      },
    ],
  };
  it.each([
    ['nothing beyond a save', {}, '"saved":1,'],
    ['a header', { headers: { Expires: '0' } }, '"saved":1,'],
    ['a deletion', {}, '"removed":1,', deletion],
  ])(
    'the deployed bundle works by rules that ask for %s',
    async (_, more, expected, event: object = upload) => {
      expect(await invokeBuilt(more, event)).toContain(expected);
    },
  );

  it('the deployed bundle words an answer that undici takes for impossible without reading its own code', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {}).on('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
    });
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');

    const printed = await invokeBuilt({}, upload, `http://127.0.0.1:${portOf(server)}`);

    expect(printed).toContain('TransportError: undici met what it takes for impossible');
  });

  /** Calls the built function by rules whose output asks for this, and gives what it printed. */
  async function invokeBuilt(more: object, event: object, endpoint?: string) {
    const dir = await mkdtemp(join(tmpdir(), 'built-'));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    await Promise.all(
      ['index.js', 'function.js'].map((file) => copyFile(join(outDir, file), join(dir, file))),
    );
    const outputs = [{ style: 'image/resize,w_10', target: { key: 'derived/{base}' }, ...more }];
    const rule = { name: 'r', match: { key: 'uploads/*' }, outputs };
    const onRemove = event === deletion ? { onRemove: 'delete' } : {};
    writeRules(dir, ruleSetOf({ rules: [{ ...rule, ...onRemove }] }));
    const oss = await startOss();
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/a', body: 'a picture' });
    const context = {
      requestId: 'request-1',
      credentials: { accessKeyId: 'local', accessKeySecret: 'local-secret' },
      function: { timeout: 60 },
      region: 'cn-hangzhou',
    };

    const input = JSON.stringify({ event, context });
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [resolve('test/fixtures/deploy/load.cjs'), 'require', dir, input],
      { env: { OSS_ENDPOINT: endpoint ?? oss.url } },
    ).catch((error: { stdout: string }) => error);
    return stdout;
  }

  it('the deployed bundle keeps the class names of errors, which Function Compute reports', async () => {
    const { handler } = await import(join(outDir, 'index.js'));

    const thrown = await handler(Buffer.from('{}'), { region: 'cn-hangzhou' }).catch(
      (error: unknown) => error,
    );

    expect(Object(thrown).constructor.name).toMatch(/^(EventError|RulesError)$/);
  });
});
