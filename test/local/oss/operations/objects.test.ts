import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { hostileKeys } from '../../../fixtures/hostile-keys.ts';
import { heldBytes } from '../../../held-bytes.ts';
import { startOss, temporaryDir } from '../running-oss.ts';
import { signV4 } from '../v4-client.ts';

const object = { bucket: 'photos', key: 'a.jpg' };

describe('objects', () => {
  it.each(hostileKeys)('objects come back as they were put, under %j', async (key) => {
    const oss = await startOss();
    const body = Buffer.from([0, 255, 13, 10, ...Buffer.from(key)]);

    const put = await oss.call({ method: 'PUT', bucket: 'photos', key, body });
    const get = await oss.call({ method: 'GET', bucket: 'photos', key });
    const other = await oss.call({ method: 'GET', bucket: 'photos', key: 'b' });

    expect(put.statusCode).toBe(200);
    expect(get.body.equals(body)).toBe(true);
    expect(get.headers.etag).toBe(put.headers.etag);
    expect(oss.events[0]?.oss.object.key).toBe(key);
    expect(other.code).toBe('NoSuchKey');
  });

  it('objects have no header that was sent empty', async () => {
    const oss = await startOss();
    await oss.call({ ...object, method: 'PUT', headers: { 'content-type': '', 'cache-control': '' } });

    const { headers } = await oss.call({ ...object, method: 'HEAD' });

    expect(headers).not.toHaveProperty('cache-control');
    expect(headers['content-type']).toBe('application/octet-stream');
  });

  it('objects keep content type and user metadata, and lose them with the next put', async () => {
    const oss = await startOss();
    const headers = {
      'content-type': 'image/jpeg',
      'x-oss-meta-author': 'someone',
      'cache-control': 'no-store',
    };

    await oss.call({ ...object, method: 'PUT', headers, body: 'x' });
    const first = await oss.call({ ...object, method: 'HEAD' });
    await oss.call({ ...object, method: 'PUT', body: '' });
    const second = await oss.call({ ...object, method: 'HEAD' });

    expect(first.headers).toMatchObject({ ...headers, 'content-length': '1', 'x-oss-object-type': 'Normal' });
    expect(second.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '0',
    });
    expect(second.headers).not.toHaveProperty('x-oss-meta-author');
  });

  it('objects are deleted once with an event, again without one', async () => {
    const oss = await startOss();
    await oss.call({ ...object, method: 'PUT', body: '12345' });

    const statuses = [
      (await oss.call({ ...object, method: 'DELETE' })).statusCode,
      (await oss.call({ ...object, method: 'DELETE' })).statusCode,
    ];

    expect(statuses).toEqual([204, 204]);
    expect(oss.events.map(({ eventName }) => eventName)).toEqual([
      'ObjectCreated:PutObject',
      'ObjectRemoved:DeleteObject',
    ]);
    expect(oss.events[1]?.oss.object.deltaSize).toBe(-5);
  });

  it('objects survive a server that is gone without notice', async () => {
    const dataDir = await temporaryDir();
    const before = await startOss({ dataDir });
    await before.call({ ...object, method: 'PUT', body: 'kept', headers: { 'x-oss-meta-a': '1' } });

    const after = await startOss({ dataDir });
    const response = await after.call({ ...object, method: 'GET' });

    expect([response.text, response.headers['x-oss-meta-a']]).toEqual(['kept', '1']);
  });

  it('objects are not made of an upload that breaks off', async () => {
    const oss = await startOss();
    const { method, path, headers } = signV4({
      ...object,
      method: 'PUT',
      headers: { 'content-length': '100' },
    });
    const lines = Object.entries({ host: '127.0.0.1', ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );

    const socket = connect(oss.port, '127.0.0.1');
    await new Promise((resolve) =>
      socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\nhalf`, resolve),
    );
    await new Promise((resolve) => socket.on('close', resolve).resetAndDestroy());

    expect((await oss.call({ ...object, method: 'HEAD' })).statusCode).toBe(404);
    expect(oss.events).toEqual([]);
  });
});

describe('a download under another name', () => {
  it.each([
    ['attachment; filename="猫.txt"', 'attachment; filename="猫.txt"'],
    ['attachment; filename=a\x00\x1f\x7f\r\nb', 'attachment; filename=ab'],
  ])(
    'a download under another name is named %j as %j, in UTF-8 and without control characters',
    async (asked, shown) => {
      const oss = await startOss();
      await oss.call({ ...object, method: 'PUT', body: 'hello' });
      const query = { 'response-content-disposition': asked };

      const { statusCode, headers, text } = await oss.call({ ...object, method: 'GET', query });

      expect([statusCode, text]).toEqual([200, 'hello']);
      expect(Buffer.from(String(headers['content-disposition']), 'latin1').toString()).toBe(shown);
    },
  );
});

const mebibyte = Buffer.alloc(1024 * 1024, 'x');

describe('large objects', () => {
  it('large objects pass through both ways without staying in memory', async () => {
    const oss = await startOss();
    const [put, answer] = requestOf(oss.port, 'PUT', { 'content-length': String(48 * mebibyte.length) });
    await writeMebibytes(put, 40);
    await expect.poll(heldBytes).toBeLessThan(8 * mebibyte.length);
    await writeMebibytes(put, 8);
    put.end();
    const { statusCode } = await answer;

    const [get, download] = requestOf(oss.port, 'GET');
    get.end();
    const response = await download;
    await expect.poll(heldBytes).toBeLessThan(8 * mebibyte.length);
    let sizeBytes = 0;
    for await (const chunk of response) {
      sizeBytes += chunk.length;
    }

    expect([statusCode, sizeBytes]).toEqual([200, 48 * mebibyte.length]);
  });

  it('large objects are read in part, and are too large to be processed', async () => {
    const oss = await startOss();
    const body = Buffer.alloc(48 * 1024 * 1024, 'x');

    await oss.call({ ...object, method: 'PUT', body });
    const range = await oss.call({ ...object, method: 'GET', headers: { range: 'bytes=-1' } });
    const processed = await oss.call({ ...object, method: 'GET', query: { 'x-oss-process': 'image/info' } });

    expect(range.headers['content-range']).toBe(`bytes ${body.length - 1}-${body.length - 1}/${body.length}`);
    expect([processed.code, processed.headers['x-oss-ec']]).toEqual(['ImageTooLarge', '0040-00000009']);
  });
});

/** A request whose body is still to be written, and its answer, whose body is still to be read. */
function requestOf(port: number, method: string, more = {}): [ClientRequest, Promise<IncomingMessage>] {
  const { path, headers } = signV4({ ...object, method });
  const sent = request({
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: { ...headers, ...more },
    agent: false,
  });
  const answer = once(sent, 'response').then(([response]) => response);
  return [sent, answer];
}

/** Writes no faster than the server reads. */
async function writeMebibytes(sent: ClientRequest, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    if (!sent.write(mebibyte)) {
      await once(sent, 'drain');
    }
  }
}
