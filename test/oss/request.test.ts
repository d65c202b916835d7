import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { Dispatcher } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import type { CallSettings } from '../../src/oss/call.ts';
import { resolveEndpoint } from '../../src/oss/endpoint.ts';
import { createAgent, send } from '../../src/oss/request.ts';
import { canonicalRequest, scope, stringToSign } from '../../src/oss/sign.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { createClient } from './client.ts';
import { rejection, secrets } from './mock-oss.ts';

let closing: (() => unknown)[] = [];

async function listen(listener: RequestListener, onConnection = () => {}): Promise<string> {
  const server: Server = createServer(listener).on('connection', onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

function connect(endpoint: string, attemptTimeoutMs = 30_000, more: Partial<CallSettings> = {}) {
  const dispatcher: Dispatcher = createAgent();
  closing.push(() => dispatcher.destroy());
  const region = 'cn-hangzhou';
  const settings = { region, credentials: () => secrets, dispatcher, maxAttempts: 1, attemptTimeoutMs };
  return createClient({ ...settings, endpoint: resolveEndpoint({ region, endpoint }), ...more });
}

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

afterEach(async () => {
  for (const close of closing.reverse()) {
    await close();
  }
  closing = [];
});

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

  it('brings an object of several chunks back whole', async () => {
    const body = Buffer.alloc(300_000, 'abc');
    const url = await listen((_request, response) =>
      response.writeHead(200, { 'x-oss-request-id': 'R' }).end(body),
    );

    const result = await connect(url).getObject({ bucket: 'photos', key: 'k' });

    expect(result.body.equals(body)).toBe(true);
  });

  it('reads the error document of a HEAD out of its header', async () => {
    const xml = Buffer.from('<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>').toString(
      'base64',
    );
    const url = await listen((_request, response) => response.writeHead(404, { 'x-oss-err': xml }).end());

    const error = await rejection(connect(url).headObject({ bucket: 'photos', key: 'k' }));

    expect(error).toMatchObject({ statusCode: 404, code: 'NoSuchKey' });
  });

  it('gives up on a server that never answers', async () => {
    const url = await listen(() => {});

    const error = await rejection(connect(url, 20).headObject({ bucket: 'photos', key: 'k' }));

    expect(error).toMatchObject({ code: 'RequestTimeout', kind: 'transient', context: { attempts: 1 } });
    expect(String(error)).toContain('no complete answer within 20 ms');
  });

  it('is sent again only after a pause', async () => {
    const arrivals: number[] = [];
    const url = await listen((_request, response) => {
      response
        .writeHead(arrivals.push(performance.now()) === 1 ? 500 : 200, { 'x-oss-request-id': 'R' })
        .end();
    });
    const client = connect(url, 30_000, { maxAttempts: 2, random: () => 0.5 });

    await client.headObject({ bucket: 'photos', key: 'k' });

    const [first = 0, second = 0] = arrivals;
    expect(second - first).toBeGreaterThan(95);
  });

  it('says that the time allowed was over where it was the deadline that cut an answer off', async () => {
    const url = await listen(() => {});
    const deadline = Date.now() + 50;

    const error = await rejection(connect(url).headObject({ bucket: 'photos', key: 'k', deadline }));

    expect(error).toMatchObject({ code: 'DeadlineExceeded', kind: 'transient', context: { attempts: 1 } });
    expect(String(error)).toContain('the time allowed was over before the answer was complete');
  });

  it('says why a connection cannot be made even close to the deadline', async () => {
    const client = connect('http://127.0.0.1:1');
    const deadline = Date.now() + 5_000;

    const error = await rejection(client.headObject({ bucket: 'photos', key: 'k', deadline }));

    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('leaves no open connection behind when it gives up', async () => {
    let closed: Promise<unknown> = Promise.reject(new Error('no request came'));
    closed.catch(() => {});
    const url = await listen((_request, response) => {
      closed = new Promise((resolve) => response.on('close', () => resolve('closed')));
    });

    // Enough for the request to arrive on a busy machine.
    await rejection(connect(url, 500).headObject({ bucket: 'photos', key: 'k' }));

    await expect(closed).resolves.toBe('closed');
  });

  it('gives up on an answer that never ends', async () => {
    const url = await listen((_request, response) => response.writeHead(200).write('half'));

    const error = await rejection(connect(url, 50).getObject({ bucket: 'photos', key: 'k' }));

    expect(error).toMatchObject({ code: 'RequestTimeout' });
  });

  it('refuses to hold an endless document', async () => {
    const chunk = Buffer.alloc(1024 * 1024);
    const url = await listen((_request, response) => {
      const fill = () => {
        while (response.writable && response.write(chunk)) {}
      };
      response.on('drain', fill);
      fill();
    });

    const error = await rejection(connect(url).listObjectsV2({ bucket: 'photos' }));

    expect(error).toMatchObject({ code: 'AnswerTooLarge', kind: 'later' });
  });

  it('reports an answer that is no HTTP under a code', async () => {
    const server = createTcpServer((socket) => socket.on('data', () => socket.end('garbage\r\n\r\n')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => server.close());
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;

    const error = await rejection(connect(url).headObject({ bucket: 'photos', key: 'k' }));

    expect(error).toMatchObject({ code: expect.stringMatching(/^[A-Z]\w+$/), kind: 'transient' });
  });

  it('reports a connection that cannot be made by its system code', async () => {
    const error = await rejection(connect('http://127.0.0.1:1').headObject({ bucket: 'photos', key: 'k' }));

    expect(error).toMatchObject({ code: 'ECONNREFUSED', kind: 'transient' });
  });
});

describe('connections', () => {
  const ok: RequestListener = (_request, response) => {
    response.writeHead(200, { 'x-oss-request-id': 'R' }).end();
  };
  const object = { bucket: 'photos', key: 'k' };
  function connectAt(url: string, clock: { nowMs: number }, more: Partial<CallSettings> = {}) {
    const dispatcher = createAgent(16, () => clock.nowMs);
    closing.push(() => dispatcher.destroy());
    const region = 'cn-hangzhou';
    const settings = {
      region,
      credentials: () => secrets,
      dispatcher,
      maxAttempts: 1,
      attemptTimeoutMs: 2_000,
      ...more,
    };
    return {
      dispatcher,
      client: createClient({ ...settings, endpoint: resolveEndpoint({ region, endpoint: url }) }),
    };
  }

  it('connections that are all taken let no request through which was given up meanwhile', async () => {
    const received: string[] = [];
    const url = await listen((request, response) => {
      received.push(request.url ?? '');
      setTimeout(() => response.writeHead(200, { 'x-oss-request-id': 'R' }).end(), 200);
    });
    const dispatcher = createAgent(1);
    closing.push(() => dispatcher.destroy());
    const request = { origin: url, method: 'GET' as const, headers: {}, maxAnswerBytes: 1_000 };
    const first = send(dispatcher, { ...request, path: '/first', timeoutMs: 5_000 });

    await rejection(send(dispatcher, { ...request, path: '/second', timeoutMs: 50 }));
    await first;
    await send(dispatcher, { ...request, path: '/third', timeoutMs: 5_000 });

    expect(received).toEqual(['/first', '/third']);
  });

  it.each([1, 4])('connections are as many as the calls under way: %i', async (lanes) => {
    let connections = 0;
    const url = await listen(ok, () => (connections += 1));
    const client = connect(url);
    const lane = async () => {
      for (let i = 0; i < 5; i += 1) {
        await client.headObject(object);
      }
    };

    await Promise.all(Array.from({ length: lanes }, lane));

    expect(connections).toBe(lanes);
  });

  it.each([
    [4_000, 1],
    [6_000, 2],
  ])(
    'that were unused for %i ms are trusted or not: %i connections for two calls',
    async (idleMs, expected) => {
      let connections = 0;
      const url = await listen(ok, () => (connections += 1));
      const clock = { nowMs: 10_000 };
      const { client } = connectAt(url, clock);
      await client.headObject(object);
      clock.nowMs += idleMs;

      await client.headObject(object);

      expect(connections).toBe(expected);
    },
  );

  it('connections that were silent for 2 s are given up after 10 s without a first byte, those just used are not', async () => {
    /** The second answer takes 14 s on the connection of the first, which came after `workMs`, `idleMs` ago. */
    async function callTwice({ idleMs = 0, workMs = 0 }) {
      const clock = { nowMs: 10_000 };
      let [requests, connections] = [0, 0];
      const url = await listen(
        (_request, response) => {
          requests += 1;
          clock.nowMs += requests === 1 ? workMs : 0;
          const delayMs = requests === 2 ? 14_000 : 0;
          setTimeout(() => response.writeHead(200, { 'x-oss-request-id': 'R' }).end(), delayMs).unref();
        },
        () => (connections += 1),
      );
      const patient = { maxAttempts: 2, attemptTimeoutMs: 30_000, sleep: async () => {} };
      const { client } = connectAt(url, clock, patient);
      await client.headObject(object);
      clock.nowMs += idleMs;
      const startedAt = Date.now();
      const { attempts } = await client.headObject(object);
      return { attempts, connections, isSlow: Date.now() - startedAt > 13_900 };
    }

    const ends = await Promise.all([
      callTwice({ idleMs: 2_000 }),
      callTwice({ idleMs: 500 }),
      callTwice({ workMs: 20_000 }),
    ]);

    expect(ends).toEqual([
      { attempts: 2, connections: 2, isSlow: false },
      { attempts: 1, connections: 1, isSlow: true },
      { attempts: 1, connections: 1, isSlow: true },
    ]);
  });

  it('connections of an agent that something was composed with answer as well', async () => {
    const url = await listen(ok);
    const agent = createAgent();
    closing.push(() => agent.destroy());
    const composed = agent.compose((dispatch) => (options, handler) => dispatch(options, handler));
    const request = { origin: url, path: '/', method: 'GET' as const, headers: {}, maxAnswerBytes: 9 };

    const answer = await send(composed, { ...request, timeoutMs: 5_000 });

    expect(answer.statusCode).toBe(200);
  });

  it('connections that undici believes to be taken for ever do not outlive a few seconds', async () => {
    const url = await listen(ok);
    const clock = { nowMs: 10_000 };
    const { client, dispatcher } = connectAt(url, clock);
    const refused = { origin: url, path: '/', method: 'GET' as const, headers: { a: 'b\n' } };
    for (let i = 0; i < 16; i += 1) {
      await rejection(send(dispatcher, { ...refused, timeoutMs: 1_000, maxAnswerBytes: 1 }));
    }
    clock.nowMs += 6_000;

    await expect(client.headObject(object)).resolves.toMatchObject({ statusCode: 200 });
  });
});
