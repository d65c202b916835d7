/* Requests byte for byte, as clients that are no browser send them. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RunningOss, startOss } from './running-oss.ts';
import { object, put } from './text-object.ts';
import { type SignOptions, send, signV4 } from './v4-client.ts';

/** The head of a signed request, one character a byte; `change` rewrites it after it was signed. */
function head(options: SignOptions, more = '', change = (text: string) => text): Buffer {
  const { method, path, headers } = signV4(options);
  const lines = Object.entries({ ...headers, host: 'localhost' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.from(change(`${method} ${path} HTTP/1.1\r\n${lines.join('')}${more}\r\n`), 'latin1');
}

/** Answers what comes back once `pieces` were sent on one connection, each after something has come. */
async function talk(oss: RunningOss, ...pieces: (Buffer | string)[]): Promise<string[]> {
  const socket = connect(oss.port, '127.0.0.1');
  const answers: string[] = [];
  for (const piece of pieces) {
    socket.write(piece);
    answers.push(
      await new Promise((resolve) => socket.once('data', (data) => resolve(data.toString('latin1')))),
    );
  }
  socket.destroy();
  return answers;
}

const upload = { ...object, method: 'PUT' };

describe('an upload', () => {
  it('an upload is asked to go on where it waits for that', async () => {
    const oss = await startOss();

    const [goOn, answer] = await talk(
      oss,
      head(upload, 'expect: 100-continue\r\ncontent-length: 5\r\n'),
      'hello',
    );

    expect(goOn).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect((await oss.call({ ...object, method: 'GET' })).text).toBe('hello');
  });

  it('an upload of unknown length comes in chunks, with extensions and trailers', async () => {
    const oss = await startOss();

    const chunks = '5;part=1\r\nhello\r\n1\r\n!\r\n0\r\nx-checked: no\r\n\r\n';
    const [answer] = await talk(
      oss,
      Buffer.concat([head(upload, 'transfer-encoding: chunked\r\n'), Buffer.from(chunks)]),
    );

    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect((await oss.call({ ...object, method: 'GET' })).text).toBe('hello!');
  });

  it('an upload takes as long as it takes, and is not cut off after five minutes', async () => {
    const oss = await startOss();
    const limits: unknown[] = [];
    const see = (exchange: unknown) => {
      const { requestTimeout, headersTimeout, timeout } = (exchange as { server: Server }).server;
      limits.push(requestTimeout, headersTimeout, timeout);
    };
    subscribe('http.server.request.start', see);
    onTestFinished(() => void unsubscribe('http.server.request.start', see));

    await put(oss);

    expect(limits).toEqual([0, 0, 0]);
  });

  it('an upload without a length is refused', async () => {
    const [answer] = await talk(await startOss(), head(upload));

    expect(answer).toMatch(/^HTTP\/1\.1 411 .*<Code>MissingContentLength</s);
  });

  it.each([
    ['UTF-8', Buffer.from('猫').toString('latin1')],
    ['Latin-1', 'caf\xe9'],
    ['a comma', 'a, b'],
    ['nothing', ''],
  ])('an upload keeps the bytes of its metadata: %s', async (_, value) => {
    const oss = await startOss();
    await talk(
      oss,
      Buffer.concat([
        head({ ...upload, headers: { 'x-oss-meta-n': value } }, 'content-length: 1\r\n'),
        Buffer.from('x'),
      ]),
    );

    const [answer] = await talk(oss, head({ ...object, method: 'GET' }));

    expect(/^x-oss-meta-n: (.*)\r$/m.exec(answer ?? '')?.[1]).toBe(value);
  });

  it.each([
    ['folded over two lines', 'a b', 'x-oss-meta-n: a b', 'x-oss-meta-n: a\r\n b'],
    ['given twice', 'a,b', 'x-oss-meta-n: a,b', 'x-oss-meta-n: a\r\nX-OSS-Meta-N: b'],
    ['in capitals', 'a', 'x-oss-meta-n', 'X-Oss-META-N'],
  ])('an upload may have its metadata %s', async (_, value, written, sent) => {
    const oss = await startOss();
    const signed = { ...upload, headers: { 'x-oss-meta-n': value } };

    const bytes = head(signed, 'content-length: 1\r\n', (text) => text.replace(written, sent));
    const [answer] = await talk(oss, Buffer.concat([bytes, Buffer.from('x')]));

    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    const { headers } = await oss.call({ ...object, method: 'HEAD' });
    expect(headers['x-oss-meta-n']?.toString().replace(/\s+/g, ' ')).toBe(value);
  });
});

describe('a refused request', () => {
  const query: Record<string, string> = { 'x-oss-process': '' };
  const sizeBytes = 3_000_000;

  /** Sends the head of a request, and its body when `mayGoOn` resolves, then reads an object over the same connection. */
  async function statusesOf(request: SignOptions, mayGoOn: (socket: Socket) => Promise<unknown>) {
    const oss = await startOss();
    await put(oss);
    const socket = connect(oss.port, '127.0.0.1');
    const received: Buffer[] = [];
    socket.on('data', (data) => received.push(data));
    socket.write(head(request, `content-length: ${sizeBytes}\r\n`));
    await mayGoOn(socket);
    await new Promise((resolve) => socket.write(Buffer.alloc(sizeBytes, ' '), resolve));
    socket.write(head({ ...object, method: 'GET' }, 'connection: close\r\n'));
    await once(socket, 'close');
    return Buffer.concat(received)
      .toString('latin1')
      .match(/^HTTP\/1\.1 \d+/gm);
  }

  it.each<[string, SignOptions]>([
    ['a wrong signature', { ...upload, accessKeySecret: 'wrong' }],
    ['a bucket that is not there', { ...upload, bucket: 'others' }],
    ['a key that is taken', { ...upload, headers: { 'x-oss-forbid-overwrite': 'true' } }],
    ['a digest that is none', { ...upload, headers: { 'content-md5': 'none' } }],
    ['what is not implemented', { ...upload, key: '', query: { cors: '' } }],
  ])('a refused request is answered before its body, and the connection goes on: %s', async (_, request) => {
    const answers = await statusesOf(request, (socket) => once(socket, 'data'));

    expect(answers).toEqual([expect.stringMatching(/ [45]\d\d$/), 'HTTP/1.1 200']);
  });

  it.each<[string, SignOptions]>([
    ['a document', { ...upload, query: { tagging: '' } }],
    ['a list', { ...object, key: '', method: 'POST', query: { delete: '' } }],
    ['a process', { ...object, method: 'POST', query }],
  ])(
    'a refused request whose body is too long for %s is answered, and the connection goes on',
    async (_, request) => {
      const answers = await statusesOf(request, async () => {});

      expect(answers).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
    },
  );
});

it('a document of a length that is refused is told so to a client that sends all of it first', async () => {
  const oss = await startOss();
  await put(oss);

  const body = Buffer.alloc(3_000_000, ' ');
  const { statusCode, code } = await send(oss.port, signV4({ ...upload, query: { tagging: '' }, body }));

  expect([statusCode, code]).toEqual([400, 'InvalidArgument']);
});
