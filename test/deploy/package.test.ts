import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { loadRules } from '../../src/cli/project.ts';
import { parseEvent } from '../../src/events/parse.ts';
import { plan } from '../../src/pipeline/plan.ts';
import { startOss } from '../local/oss/running-oss.ts';
import { type Checkout, createCheckout, environment, execute } from './checkout.ts';

let checkout: Checkout;
beforeAll(async () => {
  checkout = await createCheckout();
});
afterAll(() => checkout.remove());

async function deploy(template: string) {
  await rm(join(checkout.dir, 'deployed.json'), { force: true });
  const ran = await checkout.s(['deploy', '-y', '-t', template]);
  const text = await readFile(join(checkout.dir, 'deployed.json'), 'utf8').catch(() => '{}');
  return { ...ran, deployed: JSON.parse(text) };
}

describe('a deployment', () => {
  it.each([
    ['s.yaml', { runtime: 'nodejs20', triggers: [{ triggerType: 'oss' }] }],
    ['src/deploy/eventbridge.yaml', { runtime: 'nodejs20', triggers: [{ triggerType: 'eventbridge' }] }],
    ['src/deploy/s.custom.yaml', { runtime: 'custom.debian12', triggers: [{ triggerType: 'oss' }] }],
  ])('a deployment by %s builds, then hands over the package with %j', async (template, props) => {
    await rm(join(checkout.dir, 'dist'), { recursive: true, force: true });

    const { exitCode, output, deployed } = await deploy(template);

    expect(output).toContain('dist/rules.json');
    expect(exitCode).toBe(0);
    expect(deployed.accountId).toBe(environment.AccountID);
    expect(deployed.codeDir).toBe(join(checkout.dir, 'dist'));
    expect(deployed.files).toEqual(['function.js', 'http.js', 'index.js', 'package.json', 'rules.json']);
    expect(deployed.props).toMatchObject(props);
  });

  it('a deployment ends before anything is handed over where a rule is wrong', async () => {
    const rules = join(checkout.dir, 'rules.yaml');
    const right = await readFile(rules, 'utf8');
    await writeFile(rules, right.replace('image/resize', ''));
    onTestFinished(() => writeFile(rules, right));

    const { exitCode, output, deployed } = await deploy('s.yaml');

    expect(exitCode).not.toBe(0);
    expect(output).toContain('rules.yaml:');
    expect(deployed).toEqual({});
  });
});

describe('the package', () => {
  beforeAll(() => deploy('s.yaml'));

  it('the package is below 160 KB, zipped', async () => {
    const files = await readdir(join(checkout.dir, 'dist'));
    const contents = await Promise.all(files.map((file) => readFile(join(checkout.dir, 'dist', file))));
    const zipBytes = contents.reduce((sum, content) => sum + deflateRawSync(content).length, 0);

    expect(zipBytes).toBeLessThan(160 * 1024);
  });

  it.each(['require', 'import'])(
    'the package handles an event when it is loaded by %s, alone',
    async (how) => {
      const codeDir = await mkdtemp(join(tmpdir(), 'code-'));
      onTestFinished(() => rm(codeDir, { recursive: true, force: true }));
      await cp(join(checkout.dir, 'dist'), codeDir, { recursive: true });
      const oss = await startOss();
      await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/a.png', body: 'a picture' });
      const event = { bucket: 'photos', key: 'uploads/a.png', size: 9 };
      const context = {
        requestId: 'request-1',
        credentials: { accessKeyId: 'local', accessKeySecret: 'local-secret' },
        function: { name: 'oss-saveas', handler: 'index.handler', memory: 128, timeout: 60 },
        region: 'cn-hangzhou',
        accountId: '1234567890123456',
      };

      const input = JSON.stringify({ event, context });
      const { output } = await execute(
        process.execPath,
        [resolve('test/fixtures/deploy/load.cjs'), how, codeDir, input],
        { cwd: codeDir, env: { OSS_ENDPOINT: `http://127.0.0.1:${oss.port}` } },
      );

      const report = JSON.parse(
        /^result: (.*)$/m.exec(output)?.[1] ?? `{"output": ${JSON.stringify(output)}}`,
      );
      expect(report).toMatchObject({ requestId: 'request-1', saved: 2, failed: 0 });
      const saved = await oss.call({
        method: 'GET',
        bucket: 'photos',
        key: 'derived/uploads/a.png-320.webp',
      });
      expect(saved.text).toBe('image/resize,m_lfit,w_320/format,webp(a picture)');
    },
  );
});

describe('the event files', async () => {
  const files = await readdir('src/deploy/events');

  it.each(files)('an event file asks for something that the shipped rules do: %s', async (file) => {
    const { ruleSet } = await loadRules('rules.yaml');
    const bytes = await readFile(join('src/deploy/events', file));

    const records = parseEvent(bytes);

    const properties = { sizeBytes: 1000, contentType: 'image/jpeg' };
    const planned = records.flatMap((record) => {
      if (record.kind !== 'object') {
        throw new Error(record.kind);
      }
      return plan({ kind: 'object', event: { ...record.event, ...properties } }, ruleSet);
    });
    expect(planned).not.toEqual([]);
    for (const item of planned) {
      expect(item).toMatchObject({ status: 'planned' });
    }
  });
});
