/* How many connections and handshakes an invocation costs: each full one is processor time, ten times so at 0.1 vCPU. */
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { certificate, key } from '../bench/certificate.ts';
import { type BuiltFunction, buildFunction, startCloud } from '../faults/cloud.ts';
import { ruleSetOfOutputs } from '../rules/rule-sets.ts';

/** Wraps the function: its clock goes on by six seconds once the file LATER is there. */
const functionWithLater = `
const { existsSync } = require('node:fs');
const now = Date.now;
Date.now = () => now() + (existsSync(process.env.LATER) ? 6_000 : 0);
exports.handler = require('./function.js').handler;
`;

let built: BuiltFunction;
beforeAll(async () => {
  built = await buildFunction(functionWithLater);
  writeFileSync(join(built.dir, 'roots.pem'), certificate);
});
afterAll(() => rmSync(built.dir, { recursive: true, force: true }));

/** TLS before the local OSS, where handshakes are counted. */
async function startTls({ onTestFinished }: TestContext) {
  const handshakes = { full: 0, resumed: 0 };
  const target = { port: 0 };
  const server = createServer({ key, cert: certificate }, (socket) => {
    handshakes[socket.isSessionReused() ? 'resumed' : 'full'] += 1;
    const upstream = connect(target.port, '127.0.0.1');
    socket.pipe(upstream).pipe(socket);
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const address = server.address();
  const url = `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  /** Tells what was counted since the last question. */
  function take() {
    const counted = { ...handshakes };
    Object.assign(handshakes, { full: 0, resumed: 0 });
    return counted;
  }
  return { target, url, take };
}

async function startFunction(outputs: number, concurrency: number, test: TestContext) {
  const tls = await startTls(test);
  const later = join(built.dir, `later-${outputs}-${concurrency}`);
  const cloud = await startCloud(built, {
    ruleSet: ruleSetOfOutputs(outputs),
    ...{ maxInstances: 1, timeoutMs: 60_000, retryDelaysMs: [] },
    environment: {
      OSS_ENDPOINT: tls.url,
      NODE_EXTRA_CA_CERTS: join(built.dir, 'roots.pem'),
      CONCURRENCY: String(concurrency),
      LATER: later,
    },
    processImage: async () => {
      await pause(100);
      return { body: Buffer.from('pixels'), contentType: 'image/webp' };
    },
    onObjectEvent: (record, enqueue) => {
      if (record.oss.object.key.startsWith('uploads/')) {
        enqueue({ events: [record] });
      }
    },
  });
  test.onTestFinished(() => cloud.close());
  tls.target.port = Number(new URL(cloud.url).port);
  async function upload(name: string) {
    await cloud.client.putObject({ bucket: 'photos', key: `uploads/${name}`, body: 'pixels' });
    await cloud.functionCompute.idle();
    expect(cloud.outcomes.at(-1)?.result.status).toBe('succeeded');
    return tls.take();
  }
  return { upload, passSixSeconds: () => writeFileSync(later, '') };
}

describe('over TLS', () => {
  it.concurrent.for([
    { outputs: 2, concurrency: 2, connections: 2 },
    { outputs: 8, concurrency: 2, connections: 2 },
    { outputs: 2, concurrency: 4, connections: 2 },
    { outputs: 8, concurrency: 4, connections: 4 },
  ])(
    '$outputs outputs at CONCURRENCY $concurrency open $connections connections, keep them, and resume their sessions later',
    async ({ outputs, concurrency, connections }, test) => {
      const { upload, passSixSeconds } = await startFunction(outputs, concurrency, test);

      const cold = await upload('cold');
      const warm = await upload('warm');
      // Connections are not trusted for so long.
      passSixSeconds();
      const later = await upload('later');

      expect({ cold, warm, later }).toEqual({
        cold: { full: connections, resumed: 0 },
        warm: { full: 0, resumed: 0 },
        later: { full: 0, resumed: connections },
      });
    },
  );
});
