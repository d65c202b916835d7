/* Pages in a browser may do some things here, and others not. */
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type RunningOss, startOss } from './running-oss.ts';
import { signV4 } from './v4-client.ts';

/** fetch() sets Host and Origin itself, so that only a plain client can send what a hostile page makes a browser send. */
function ask(oss: RunningOss, method: string, path: string, headers: Record<string, string>, body = '') {
  return new Promise<{ statusCode: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const options = { host: '127.0.0.1', port: oss.port, method, path, headers, agent: false };
      httpRequest(options, (response) => {
        response.toArray().then((chunks: Buffer[]) => {
          const { statusCode = 0 } = response;
          resolve({ statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() });
        }, reject);
      })
        .on('error', reject)
        .end(body);
    },
  );
}

describe('a control below /-/', () => {
  const plan = JSON.stringify({ rules: [{ fault: 'InternalError' }] });

  it.each([
    ['a page of another origin', { origin: 'http://evil.example' }],
    ['a page of another port', { origin: 'http://127.0.0.1:3000' }],
    ['a page without an origin', { origin: 'null' }],
  ])('a control below /-/ is refused to %s, with a sentence', async (_, headers) => {
    const oss = await startOss();

    const refused = await ask(oss, 'PUT', '/-/faults', headers, plan);
    const unknown = await ask(oss, 'GET', '/-/anything', headers);

    expect([refused.statusCode, unknown.statusCode]).toEqual([403, 403]);
    expect(JSON.parse(refused.text).message).toMatch(/^Pages of .* may not do this\.$/);
    expect((await oss.call({ method: 'GET', bucket: 'photos' })).statusCode).toBe(200);
  });

  it.each(['evil.example', 'localhost.evil.example:9000'])(
    'a control below /-/ is not there for whoever calls this machine %s',
    async (host) => {
      const oss = await startOss();

      const { statusCode } = await ask(oss, 'PUT', '/-/faults', { host }, plan);

      expect(statusCode).toBeGreaterThanOrEqual(400);
      expect((await oss.call({ method: 'GET', bucket: 'photos' })).statusCode).toBe(200);
    },
  );

  it('a control below /-/ is refused even to a page of this server, which may show what somebody uploaded', async () => {
    const oss = await startOss();
    const host = `127.0.0.1:${oss.port}`;

    const { statusCode } = await ask(oss, 'GET', '/-/faults', { host, origin: `http://${host}` });

    expect(statusCode).toBe(403);
  });

  it.each(['localhost', '127.0.0.1', '[::1]'])(
    'a control below /-/ answers a client of this machine that calls it %s',
    async (name) => {
      const oss = await startOss();

      expect((await ask(oss, 'GET', '/-/faults', { host: `${name}:${oss.port}` })).statusCode).toBe(200);
    },
  );
});

describe('a page on this machine', () => {
  const origin = 'http://localhost:3000';

  it('a page on this machine may ask first, and then upload and read what it has a signature for', async () => {
    const oss = await startOss();
    const object = { bucket: 'photos', key: 'a.txt' };
    const signed = signV4({ ...object, method: 'PUT', body: 'hello' });

    const preflight = await ask(oss, 'OPTIONS', signed.path, {
      origin,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization,x-oss-date',
    });
    const put = await ask(oss, 'PUT', signed.path, { ...signed.headers, origin }, 'hello');

    expect(preflight).toMatchObject({
      statusCode: 200,
      headers: {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'PUT',
        'access-control-allow-headers': 'authorization,x-oss-date',
        vary: expect.stringContaining('Origin'),
      },
    });
    expect(put).toMatchObject({ statusCode: 200, headers: { 'access-control-allow-origin': origin } });
    expect(put.headers['access-control-expose-headers']).toMatch(/etag.*x-oss-request-id/);
  });

  it('a page on this machine gets a text that no cache gives to another origin, or to who takes no gzip', async () => {
    const oss = await startOss();
    const text = { bucket: 'photos', key: 'a.txt' };
    await oss.call({
      ...text,
      method: 'PUT',
      headers: { 'content-type': 'text/plain' },
      body: 'x'.repeat(2000),
    });
    const signed = signV4({ ...text, method: 'GET' });

    const asked = { ...signed.headers, origin, 'accept-encoding': 'gzip' };
    const { headers } = await ask(oss, 'GET', signed.path, asked);

    expect([headers['content-encoding'], headers.vary]).toEqual(['gzip', 'Accept-Encoding, Origin']);
  });

  it('a page on this machine sees every header of an answer', async () => {
    const oss = await startOss();
    const headers = { 'x-oss-meta-a': '1', 'x-oss-tagging': 'k=v' };
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'a.txt', body: 'hello', headers });
    const seen = async (method: string, key: string, more = {}) => {
      const signed = signV4({ method, bucket: 'photos', key });
      const answer = await ask(oss, method, signed.path, { ...signed.headers, origin, ...more });
      return String(answer.headers['access-control-expose-headers']).split(', ');
    };

    expect(await seen('GET', 'a.txt', { range: 'bytes=0-1' })).toEqual(
      expect.arrayContaining(['x-oss-meta-a', 'x-oss-tagging-count', 'content-range', 'x-oss-request-id']),
    );
    expect(await seen('HEAD', 'none')).toEqual(expect.arrayContaining(['x-oss-ec', 'x-oss-err']));
  });

  it('a page on this machine sees errors, too', async () => {
    const oss = await startOss();

    const answer = await ask(oss, 'GET', '/photos/none', { origin });

    expect(answer).toMatchObject({ statusCode: 403, headers: { 'access-control-allow-origin': origin } });
  });

  it('a page of this machine reads of a missing bucket that it is missing', async () => {
    const oss = await startOss();

    const headers = { origin, 'access-control-request-method': 'PUT' };
    const preflight = await ask(oss, 'OPTIONS', '/nowhere/a', headers);
    const answer = await ask(oss, 'PUT', '/nowhere/a', { origin });

    expect(preflight.statusCode).toBe(200);
    expect(answer).toMatchObject({ statusCode: 404, text: expect.stringContaining('NoSuchBucket') });
  });
});

it.each([{}, { origin: 'http://localhost:3000' }, { 'access-control-request-method': 'PUT' }])(
  'a preflight request that does not say who asks for what is refused: %j',
  async (headers) => {
    const preflight = await ask(await startOss(), 'OPTIONS', '/photos/a', headers);

    expect(preflight).toMatchObject({ statusCode: 403, text: expect.stringContaining('AccessForbidden') });
  },
);

describe('a page elsewhere', () => {
  it.each(['https://app.example', 'null', 'http://localhost.evil.example'])(
    'a page elsewhere may not: %s',
    async (origin) => {
      const oss = await startOss();

      const preflight = await ask(oss, 'OPTIONS', '/photos/a', {
        origin,
        'access-control-request-method': 'PUT',
      });
      const answer = await ask(oss, 'GET', '/photos/none', { origin });

      expect(preflight).toMatchObject({ statusCode: 403, text: expect.stringContaining('AccessForbidden') });
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    },
  );

  it('a page elsewhere, or an SDK in its name, is told of a missing bucket first', async () => {
    const headers = { origin: 'http://www.example.com', 'access-control-request-method': 'PUT' };

    const preflight = await ask(await startOss(), 'OPTIONS', '/nowhere/a', headers);

    expect(preflight).toMatchObject({ statusCode: 404, text: expect.stringContaining('NoSuchBucket') });
  });

  it('a page elsewhere may where the server was told so', async () => {
    const oss = await startOss({ corsOrigins: ['https://app.example'] });

    const answer = await ask(oss, 'GET', '/photos/none', { origin: 'https://app.example' });

    expect(answer.headers).toHaveProperty('access-control-allow-origin', 'https://app.example');
  });
});
