/*
 * Whether the built function reports on an event of 10,000 outputs before the platform ends it. `npm run large` holds
 * it to 0.1 vCPU, which is what s.yaml asks for; `npm test` lets it have a whole processor.
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { writeRules } from '../../src/compile/build.ts';
import { bundleFunction } from '../../src/compile/bundle.ts';
import { withProcessorShare } from '../bench/container.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';
import { formatTable } from '../table.ts';

const isLong = process.env.LARGE === 'long';
const rows: string[][] = [];

/** One invocation: what it threw, and how long that took from the event on. */
const program = `
const { writeSync } = require('node:fs');
const { handler } = require('./index.js');
const [keys, timeout] = process.argv.slice(2).map(Number);
const event = { bucket: 'photos', keys: Array.from({ length: keys }, (_, i) => 'uploads/' + i + '.jpg') };
const credentials = { accessKeyId: 'STS.id', accessKeySecret: 'a-secret', securityToken: 'a-token' };
const context = { requestId: 'FC', region: 'cn-hangzhou', credentials, function: { timeout } };
const bytes = Buffer.from(JSON.stringify(event));
const startedAt = Date.now();
handler(bytes, context).catch(({ message, report: { saved } }) => {
  writeSync(3, JSON.stringify({ elapsedMs: Date.now() - startedAt, saved, message }));
  process.exit();
});
`;

let codeDir = '';

beforeAll(async () => {
  codeDir = await mkdtemp(join(tmpdir(), 'in-time-'));
  await bundleFunction(codeDir);
  await writeFile(join(codeDir, 'invoke.cjs'), program);
});

afterAll(async () => {
  await rm(codeDir, { recursive: true, force: true });
  console.log(formatTable(['objects', 'outputs each', 'timeout', 'report after'], rows));
});

/** Stands for OSS: an answer to each call after 300 ms, from a process that is not held to any share. */
async function startStub(): Promise<string> {
  const headers = { 'x-oss-request-id': 'R', 'content-length': '0' };
  const server = createServer((request, response) => {
    request.resume();
    setTimeout(() => response.writeHead(200, headers).end(), 300);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

it.each([
  [10_000, 1, 3],
  [100, 100, 3],
  ...(isLong
    ? [
        [10_000, 1, 10],
        [100, 100, 10],
      ]
    : []),
])(
  'the report on %i objects with %i outputs each comes within a timeout of %i s',
  async (keys, outputs, timeoutS) => {
    const output = { style: 'image/resize,w_{w}', target: { key: 'derived/{base}-{w}.webp' } };
    const vary = { w: Array.from({ length: outputs }, (_, i) => i + 1) };
    const rules = [{ name: 'many', match: { key: 'uploads/**' }, outputs: [{ ...output, vary }] }];
    writeRules(codeDir, ruleSetOf({ rules }));
    const { spawn, close } = withProcessorShare(isLong ? 0.1 : 1);
    const child = spawn([join(codeDir, 'invoke.cjs'), `${keys}`, `${timeoutS}`], {
      OSS_ENDPOINT: await startStub(),
      CONCURRENCY: '2',
    });
    let report = '';
    child.stdout?.resume();
    child.stdio[3]?.on('data', (chunk) => (report += chunk));
    await once(child, 'close');
    close();

    const { elapsedMs, saved, message } = JSON.parse(report);
    rows.push([`${keys}`, `${outputs}`, `${timeoutS} s`, `${(elapsedMs / 1000).toFixed(1)} s`]);
    expect(elapsedMs).toBeLessThan(timeoutS * 1000);
    expect(saved).toBeGreaterThan(0);
    expect(message).toContain('transient Deadline oss://photos/uploads/');
  },
);
