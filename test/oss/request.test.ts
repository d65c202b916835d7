import { createHmac } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { canonicalRequest, scope, stringToSign } from '../../src/oss/sign.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { closing, connect, listen } from './listening.ts';
import { rejection, secrets } from './mock-oss.ts';

/** The signature of a request as it came in, with a key derived here. */
function expectedSignature(request: IncomingMessage): string {
  const [canonicalUri = '', canonicalQuery = ''] = (request.url ?? '').split('?');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  const timestamp = headers['x-oss-date'] ?? '';
  const signingScope = scope(timestamp, 'cn-hangzhou');
  let key = Buffer.from(`aliyun_v4${secrets.accessKeySecret}`);
  for (const part of signingScope.split('/')) {
    key = createHmac('sha256', key).update(part).digest();
  }
  const canonical = canonicalRequest({ method: request.method ?? '', canonicalUri, canonicalQuery, headers });
  return createHmac('sha256', key)
    .update(stringToSign(timestamp, signingScope, canonical))
    .digest('hex');
}

/** Time goes on where the test says so: pauses and the time of an attempt; sockets are as quick as ever. */
function fakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
}

describe('a request on the wire', () => {
  it.each(hostileKeys)('a request on the wire carries the key %j as it was signed', async (key) => {
    let received: { key: string; isSigned: boolean } | undefined;
    const url = await listen((request, response) => {
      const isSigned = request.headers.authorization?.endsWith(expectedSignature(request)) ?? false;
      received = { key: decodeURIComponent((request.url ?? '').split('?')[0] ?? ''), isSigned };
      request.resume();
      response.writeHead(200, { 'x-oss-request-id': 'R' }).end('{"object":"x","status":"OK"}');
    });

    await connect(url).processObject({ bucket: 'photos', key, process: 'image/info|sys/saveas,o_eA' });

    expect(received).toEqual({ key: `/photos/${key}`, isSigned: true });
  });

  it('a request on the wire brings an object of several chunks back whole', async () => {
    const body = Buffer.alloc(300_000, 'abc');
    const url = await listen((_request, response) =>
      response.writeHead(200, { 'x-oss-request-id': 'R' }).end(body),
    );

    const result = await connect(url).getObject({ bucket: 'photos', key: 'k' });

    expect(result.body.equals(body)).toBe(true);
  });

  it('a request on the wire reads the error document of a HEAD out of its header', async () => {
    const xml = Buffer.from('<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>').toString(
      'base64',
    );
    const url = await listen((_request, response) => response.writeHead(404, { 'x-oss-err': xml }).end());

    const error = await rejection(connect(url).headObject({ bucket: 'photos', key: 'k' }));

    expect(error).toMatchObject({ statusCode: 404, code: 'NoSuchKey' });
  });

  it('a request on the wire gives up on a server that never answers', async () => {
    const url = await listen(() => {});

    const error = await rejection(connect(url, 20).headObject({ bucket: 'photos', key: 'k' }));

    expect(error).toMatchObject({ code: 'RequestTimeout', kind: 'transient', context: { attempts: 1 } });
    expect(String(error)).toContain('no complete answer within 20 ms');
  });

  it('a request on the wire is sent again only after a pause', async () => {
    fakeTimers();
    const started = vi.spyOn(globalThis, 'setTimeout');
    let arrivals = 0;
    const url = await listen((_request, response) => {
      arrivals += 1;
      response.writeHead(arrivals === 1 ? 500 : 200, { 'x-oss-request-id': 'R' }).end();
    });
    const client = connect(url, 30_000, { maxAttempts: 2, random: () => 0.5 });

    const answered = client.headObject({ bucket: 'photos', key: 'k' });
    const isPausing = () => started.mock.calls.some(([, delayMs]) => delayMs === 100);
    while (!isPausing()) {
      await setImmediate();
    }
    const arrivalsBefore = arrivals;
    vi.advanceTimersByTime(100);
    await answered;

    expect([arrivalsBefore, arrivals]).toEqual([1, 2]);
  });

  it('a request on the wire says that the time allowed was over where it was the deadline that cut an answer off', async () => {
    const url = await listen(() => {});
    const client = connect(url, 30_000, { now: () => 1_000 });

    const error = await rejection(client.headObject({ bucket: 'photos', key: 'k', deadlineMs: 1_050 }));

    expect(error).toMatchObject({ code: 'DeadlineExceeded', kind: 'transient', context: { attempts: 1 } });
    expect(String(error)).toContain('the time ran out before the answer was complete');
  });

  it('a request on the wire says why a connection cannot be made even close to the deadline', async () => {
    const client = connect('http://127.0.0.1:1');
    const deadlineMs = Date.now() + 5_000;

    const error = await rejection(client.headObject({ bucket: 'photos', key: 'k', deadlineMs }));

    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('a request on the wire leaves no open connection behind when it gives up', async () => {
    fakeTimers();
    const arrivals = new EventEmitter();
    const arrived = once(arrivals, 'request');
    const url = await listen((request, response) => arrivals.emit('request', request, response));

    const failed = rejection(connect(url, 500).headObject({ bucket: 'photos', key: 'k' }));
    const [, response] = await arrived;
    const closed = once(response, 'close');
    vi.advanceTimersByTime(500);

    expect(await failed).toMatchObject({ code: 'RequestTimeout' });
    await expect(closed).resolves.toEqual([]);
  });

  it('a request on the wire gives up on an answer that never ends', async () => {
    const url = await listen((_request, response) => response.writeHead(200).write('half'));

    const error = await rejection(connect(url, 50).getObject({ bucket: 'photos', key: 'k' }));

    expect(error).toMatchObject({ code: 'RequestTimeout' });
  });

  it('a request on the wire refuses to hold a document that is endless, or larger than any of its kind', async () => {
    const chunk = Buffer.alloc(64 * 1024);
    const url = await listen((_request, response) => {
      const fill = () => {
        while (response.writable && response.write(chunk)) {}
      };
      response.on('drain', fill);
      fill();
    });
    const client = connect(url);

    const ofProcess = await rejection(client.processObject({ bucket: 'photos', key: 'k', process: 'p' }));
    const ofListing = await rejection(client.listObjectsV2({ bucket: 'photos' }));

    expect([ofProcess, ofListing]).toMatchObject(
      [262_144, 8_388_608].map((bytes) => ({
        ...{ code: 'AnswerTooLarge', kind: 'later' },
        message: expect.stringContaining(`the answer is larger than ${bytes} bytes`),
      })),
    );
  });

  it('a request on the wire reports an answer that is no HTTP under a code', async () => {
    const server = createTcpServer((socket) => socket.on('data', () => socket.end('garbage\r\n\r\n')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => server.close());
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;

    const error = await rejection(connect(url).headObject({ bucket: 'photos', key: 'k' }));

    expect(error).toMatchObject({ code: expect.stringMatching(/^[A-Z]\w+$/), kind: 'transient' });
  });

  it('a request on the wire reports a connection that cannot be made by its system code', async () => {
    const error = await rejection(connect('http://127.0.0.1:1').headObject({ bucket: 'photos', key: 'k' }));

    expect(error).toMatchObject({ code: 'ECONNREFUSED', kind: 'transient' });
  });
});
