/* Official SDKs' own integration tests, run against this server, found it to do most of these things otherwise than OSS. */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { startOss } from './running-oss.ts';
import { element, object, put } from './text-object.ts';
import { type RawRequest, type SignOptions, send, signV4 } from './v4-client.ts';

/** Signs by V4 with the date in `Date`, written as HTTP has it; the signature has it in ISO form. */
function signedByDate(options: SignOptions, date: (now: Date) => string): RawRequest {
  const now = new Date();
  const signedAt = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${signedAt.slice(0, 8)}/cn-hangzhou/oss/aliyun_v4_request`;
  const canonical = `${options.method}\n/photos/a.txt\n\nx-oss-content-sha256:UNSIGNED-PAYLOAD\n\n\nUNSIGNED-PAYLOAD`;
  const hash = createHash('sha256').update(canonical).digest('hex');
  const hmac = (secret: string | Buffer, text: string) => createHmac('sha256', secret).update(text).digest();
  const key = scope.split('/').reduce<string | Buffer>(hmac, 'aliyun_v4local-secret');
  const signature = hmac(key, `OSS4-HMAC-SHA256\n${signedAt}\n${scope}\n${hash}`).toString('hex');
  const authorization = `OSS4-HMAC-SHA256 Credential=local/${scope},Signature=${signature}`;
  const headers = { date: date(now), 'x-oss-content-sha256': 'UNSIGNED-PAYLOAD', authorization };
  return { method: options.method, path: '/photos/a.txt', headers, body: Buffer.alloc(0) };
}

describe('the date of a V4 signature', () => {
  it('the date of a V4 signature may stand in Date, as HTTP writes it', async () => {
    const oss = await startOss();
    await put(oss);

    const { statusCode, text } = await send(
      oss.port,
      signedByDate({ method: 'GET' }, (now) => now.toUTCString()),
    );

    expect([statusCode, text]).toEqual([200, 'hello']);
  });

  it.each<[string, string, (request: RawRequest) => Record<string, string>]>([
    ['in Date, in ISO form', '0002-00000502', () => ({ date: '20261126T145622Z' })],
    [
      'in x-oss-date, as HTTP writes it',
      '0002-00000502',
      () => ({ 'x-oss-date': 'Thu, 26 Nov 2026 14:56:22 GMT' }),
    ],
    ['missing', '0002-00000503', () => ({})],
  ])('the date of a V4 signature is refused %s', async (_, ec, dates) => {
    const oss = await startOss();
    const request = signV4({ ...object, method: 'GET' });
    const { 'x-oss-date': __, ...headers } = request.headers;

    const response = await send(oss.port, { ...request, headers: { ...headers, ...dates(request) } });

    expect([response.statusCode, response.code, response.headers['x-oss-ec']]).toEqual([
      403,
      'AccessDenied',
      ec,
    ]);
  });
});

describe('a request', () => {
  it('a request has a space where its path or query has a plus, and no query that is not UTF-8', async () => {
    const oss = await startOss();
    await put(oss, {}, 'hello', 'a b');
    await oss.call({ bucket: 'photos', method: 'PUT', headers: { 'x-oss-acl': 'public-read' } });

    const got = await fetch(`${oss.url}/photos/a+b`);
    const listed = await fetch(`${oss.url}/photos?prefix=a+`);
    const refused = await fetch(`${oss.url}/photos?prefix=%FF`);

    expect(await got.text()).toBe('hello');
    expect(element(await listed.text(), 'Key')).toBe('a b');
    expect([refused.status, element(await refused.text(), 'Code')]).toEqual([400, 'InvalidArgument']);
  });

  it.each([
    ['content-length: 5\r\n', 'close'],
    ['', 'keep-alive'],
  ])('a request may say its length and be chunked, as the last one then: %j', async (length, connection) => {
    const oss = await startOss();
    const { headers, path } = signV4({ ...object, method: 'PUT' });
    const lines = Object.entries({ ...headers, host: 'localhost' }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    const socket = connect(oss.port, '127.0.0.1');

    socket.write(
      `PUT ${path} HTTP/1.1\r\n${lines.join('')}${length}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    );
    const answer = String(await new Promise((resolve) => socket.once('data', resolve)));
    socket.destroy();

    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain(`Connection: ${connection}`);
    expect((await oss.call({ ...object, method: 'GET' })).text).toBe('hello');
  });

  it.each([
    ['PUT', {}, { 'x-oss-traffic-limit': '819200' }],
    ['GET', { 'x-oss-traffic-limit': '819200' }, {}],
    ['HEAD', { versionId: 'null' }, {}],
    ['GET', { versionId: 'null' }, {}],
    ['DELETE', { versionId: 'null' }, {}],
  ])('a request is carried out with what changes nothing here: %s %j %j', async (method, query, headers) => {
    const oss = await startOss();
    await put(oss);

    const response = await oss.call({
      ...object,
      method,
      query,
      headers,
      body: '',
    });

    expect(response.statusCode).toBeLessThan(300);
  });

  it('a request ignores the version of the source of a process', async () => {
    const oss = await startOss();
    await put(oss);

    const query = { 'x-oss-process': 'image/info', versionId: 'any' };

    expect((await oss.call({ ...object, method: 'GET', query })).text).toBe('image/info(hello)');
  });
});

describe('a presigned V4 URL', () => {
  it('a presigned V4 URL whose additional headers the request lacks is a bad request', async () => {
    const oss = await startOss();
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const query = new URLSearchParams({
      'x-oss-signature-version': 'OSS4-HMAC-SHA256',
      'x-oss-credential': `local/${date.slice(0, 8)}/cn-hangzhou/oss/aliyun_v4_request`,
      'x-oss-date': date,
      'x-oss-expires': '60',
      'x-oss-additional-headers': 'email;name',
      'x-oss-signature': '0'.repeat(64),
    });

    const response = await fetch(`${oss.url}/photos/a.txt?${query}`, { headers: { email: 'a@b.c' } });

    expect(response.status).toBe(400);
    expect(element(await response.text(), 'Code')).toBe('InvalidArgument');
  });
});

describe('what only looks like a request', () => {
  const put = 'PUT /photos/a HTTP/1.1\r\nHost: localhost\r\n';
  const hidden = 'GET /photos/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n';

  it.each([
    [
      'behind a chunked body that has a length',
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      1,
    ],
    ['behind a request that ends its connection', 'Connection: close\r\nContent-Length: 0\r\n\r\n', 1],
    ['behind a coding that is none', 'Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n', 0],
    ['behind a name with a space', 'Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n', 0],
    ['behind a control character', 'X-A: a\u0000b\r\nContent-Length: 0\r\n\r\n', 0],
  ])('what only looks like a request is not carried out %s', async (_, rest, answered) => {
    const debug = vi.fn();
    const oss = await startOss({ log: { debug, info: () => {}, warn: () => {}, error: () => {} } });
    const socket = connect(oss.port, '127.0.0.1').on('error', () => {});

    socket.write(put + rest + hidden, 'latin1');
    await once(socket.resume(), 'close');

    expect(debug).toHaveBeenCalledTimes(answered);
  });
});

describe('addresses', () => {
  it.each([
    ['photos.oss-cn-hangzhou.aliyuncs.com', '/a.txt'],
    ['photos.localhost:9000', '/a.txt'],
    ['PHOTOS.oss.example:80', '/a.txt'],
    ['localhost:9000', '/photos/a.txt'],
    ['oss-cn-hangzhou.aliyuncs.com', '/photos/a.txt'],
    ['[::1]:9000', '/photos/a%2Etxt'],
    ['host.docker.internal:9000', '/photos/a.txt'],
    ['photos.host.docker.internal:9000', '/a.txt'],
    ['host.containers.internal:9000', '/photos/a.txt'],
  ])('addresses lead to the object from %s%s', async (host, path) => {
    const oss = await startOss();
    await put(oss, {}, 'here');

    const signed = signV4({ ...object, method: 'GET' });
    const response = await send(oss.port, { ...signed, path, headers: { ...signed.headers, host } });

    expect(response.text).toBe('here');
  });

  it.each(['/', '//', '///'])('addresses of slashes alone name no bucket: %s', async (path) => {
    const oss = await startOss();

    const response = await send(oss.port, { ...signV4({ method: 'GET' }), path });

    expect(element(response.text, 'Name')).toBe('photos');
  });
});
