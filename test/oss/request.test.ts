import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Dispatcher } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { resolveEndpoint } from '../../src/oss/endpoint.ts';
import { createAgent } from '../../src/oss/request.ts';
import { canonicalRequest, scope, stringToSign } from '../../src/oss/sign.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { createClient } from './client.ts';
import { rejection, secrets } from './mock-oss.ts';

let closing: (() => unknown)[] = [];

async function listen(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

function connect(endpoint: string, attemptTimeoutMs = 30_000) {
  const dispatcher: Dispatcher = createAgent();
  closing.push(() => dispatcher.destroy());
  const region = 'cn-hangzhou';
  const settings = { region, credentials: () => secrets, dispatcher, maxAttempts: 1, attemptTimeoutMs };
  return createClient({ ...settings, endpoint: resolveEndpoint({ region, endpoint }) });
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
  it.each(hostileKeys)('carries the key %j as it was signed', async (key) => {
    let received: { key: string; isSigned: boolean } | undefined;
    const url = await listen((request, response) => {
      const isSigned = request.headers.authorization?.endsWith(expectedSignature(request)) ?? false;
      received = { key: decodeURIComponent((request.url ?? '').split('?')[0] ?? ''), isSigned };
      request.resume();
      response.end('{"object":"x"}');
    });

    await connect(url).processObject({ bucket: 'photos', key, process: 'image/info|sys/saveas,o_eA' });

    expect(received).toEqual({ key: `/photos/${key}`, isSigned: true });
  });

  it('brings an object of several chunks back whole', async () => {
    const body = Buffer.alloc(300_000, 'abc');
    const url = await listen((_request, response) => response.end(body));

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

  it('leaves no open connection behind when it gives up', async () => {
    let closed: Promise<unknown> = Promise.reject(new Error('no request came'));
    closed.catch(() => {});
    const url = await listen((_request, response) => {
      closed = new Promise((resolve) => response.on('close', () => resolve('closed')));
    });

    await rejection(connect(url, 50).headObject({ bucket: 'photos', key: 'k' }));

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

    expect(error).toMatchObject({ code: 'AnswerTooLarge', kind: 'permanent' });
  });

  it('reports a connection that cannot be made by its system code', async () => {
    const error = await rejection(connect('http://127.0.0.1:1').headObject({ bucket: 'photos', key: 'k' }));

    expect(error).toMatchObject({ code: 'ECONNREFUSED', kind: 'transient' });
  });
});
