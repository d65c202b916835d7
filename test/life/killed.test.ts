import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

import { type BuiltFunction, buildFunction, startCloud } from '../faults/cloud.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';
import { rulesOf } from './bench.ts';

/** Wraps the function: its first instance is killed while OSS copies something. */
const dyingFunction = `
const { existsSync, writeFileSync } = require('node:fs');
const { handler } = require('./function.js');
const [copying, killed] = ['copying', 'killed'].map((name) => process.env.NOTES_DIR + '/' + name);
setInterval(() => {
  if (existsSync(copying) && !existsSync(killed)) {
    writeFileSync(killed, '');
    process.kill(process.pid, 'SIGKILL');
  }
}, 20);
exports.handler = handler;
`;

let built: BuiltFunction;
beforeAll(async () => {
  built = await buildFunction(dyingFunction);
});
afterAll(() => rmSync(built.dir, { recursive: true, force: true }));

it('the built function, killed between a save and its copy, is repeated by another instance, which only copies', async () => {
  let processed = 0;
  const cloud = await startCloud(built, {
    ruleSet: ruleSetOf(rulesOf({ headers: { 'Cache-Control': 'no-cache' } })),
    ...{ maxInstances: 1, timeoutMs: 20_000, retryDelaysMs: [10, 10, 10] },
    environment: { NOTES_DIR: built.dir },
    processImage: async ({ readSource }) => {
      processed += 1;
      return { body: await readSource(), contentType: 'image/webp' };
    },
    // The first copy is never answered.
    faults: { rules: [{ fault: 'HalfOpen', operation: 'CopyObject', count: 1 }] },
    onObjectEvent: (record, enqueue) => {
      if (record.oss.object.key.startsWith('uploads/')) {
        enqueue({ events: [record] });
      }
    },
  });
  onTestFinished(() => cloud.close());

  const readFaults = async () => (await fetch(`${cloud.url}/-/faults`)).text();

  await cloud.client.putObject({ bucket: 'photos', key: 'uploads/a', body: 'a picture' });
  await expect.poll(readFaults, { timeout: 30_000 }).toMatch(/"applied": 1/);
  writeFileSync(join(built.dir, 'copying'), '');
  await cloud.functionCompute.idle();

  expect(existsSync(join(built.dir, 'killed'))).toBe(true);
  expect(cloud.outcomes).toMatchObject([{ attempts: 2, result: { status: 'succeeded' } }]);
  expect(processed).toBe(1);
  const { headers } = await cloud.client.headObject({ bucket: 'photos', key: 'derived/a' });
  expect(headers).toMatchObject({ 'cache-control': 'no-cache', 'content-type': 'image/webp' });
}, 60_000);
