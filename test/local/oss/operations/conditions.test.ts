import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { startOss } from '../running-oss.ts';
import { type SignOptions, signV4 } from '../v4-client.ts';
import { object, put } from './signed-object.ts';

const eTag = '"5D41402ABC4B2A76B9719D911017C592"';

describe('conditions', () => {
  const nowMs = Date.UTC(2026, 2, 11, 6, 21, 35, 700);
  const [before, same, after] = [-1000, -700, 300].map((offset) => new Date(nowMs + offset).toUTCString());

  it.each([
    [{ 'if-match': eTag }, 200],
    [{ 'if-match': `"other", ${eTag}` }, 200],
    [{ 'if-match': '"other"' }, 412],
    [{ 'if-none-match': eTag }, 304],
    [{ 'if-none-match': `W/${eTag}` }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"other"' }, 200],
    [{ 'if-modified-since': before }, 200],
    [{ 'if-modified-since': same }, 304],
    [{ 'if-modified-since': 'yesterday' }, 200],
    [{ 'if-modified-since': '2099-01-01 00:00:00' }, 200],
    [{ 'if-unmodified-since': 'Thu, 11 Aug 2005 01:43:51' }, 200],
    [{ 'if-unmodified-since': same }, 200],
    [{ 'if-unmodified-since': before }, 412],
    [{ 'if-match': eTag, 'if-modified-since': after }, 304],
    [{ 'if-none-match': '"other"', 'if-modified-since': after }, 200],
  ])('the conditions %j are answered %i, to GET, HEAD and views', async (headers, statusCode) => {
    const oss = await startOss({ now: () => nowMs });
    await oss.call(put({ timeMs: nowMs }));
    const call = (method: string, query = {}) =>
      oss.call({
        ...object,
        method,
        query,
        headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, v ?? ''])),
        timeMs: nowMs,
      });

    const answers = [
      await call('GET'),
      await call('HEAD'),
      await call('GET', { 'x-oss-process': 'image/info' }),
    ];

    expect(answers.map((answer) => answer.statusCode)).toEqual([statusCode, statusCode, statusCode]);
    if (statusCode === 304) {
      expect(answers[0]).toMatchObject({ text: '', headers: { etag: eTag, 'last-modified': same } });
    }
    if (statusCode === 412) {
      expect(answers[0]?.text).toContain('<Condition>If-');
    }
  });

  it.each([
    [{ 'x-oss-copy-source-if-match': '"other"' }, 412],
    [{ 'x-oss-copy-source-if-none-match': eTag }, 304],
    [{ 'x-oss-copy-source-if-match': eTag }, 200],
  ])('the conditions %j hold for the source of a copy: %i', async (condition, statusCode) => {
    const oss = await startOss();
    await oss.call(put());

    const headers = { 'x-oss-copy-source': '/photos/a.txt', ...condition };
    const answer = await oss.call({ ...object, key: 'b', method: 'PUT', headers });

    expect(answer.statusCode).toBe(statusCode);
  });
});

describe('a condition that fails', () => {
  it.each([
    ['a download', { headers: { 'if-match': '"other"' } }],
    [
      'a copy',
      {
        ...{ key: 'b', method: 'PUT' },
        headers: { 'x-oss-copy-source': '/photos/a.txt', 'x-oss-copy-source-if-match': '"other"' },
      },
    ],
  ])('a condition that fails leaves no file open: of %s', async (_, options: Partial<SignOptions>) => {
    const oss = await startOss();
    await oss.call(put());
    const { open } = oss.store;
    const isOpen: boolean[] = [];
    vi.spyOn(oss.store, 'open').mockImplementation(async (...place) => {
      const opened = await open.apply(oss.store, place);
      const index = isOpen.push(true) - 1;
      const close = () => {
        isOpen[index] = false;
        opened.close();
      };
      return { ...opened, close };
    });

    const { statusCode } = await oss.call({ ...object, method: 'GET', ...options });

    expect([statusCode, isOpen]).toEqual([412, [false]]);
  });
});

describe('ranges', () => {
  it.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=8-99', 200, '0123456789', undefined],
    ['bytes=-99', 200, '0123456789', undefined],
    ['bytes=10-', 200, '0123456789', undefined],
    ['bytes=4-2', 200, '0123456789', undefined],
    ['bytes=-0', 416, expect.stringContaining('<Code>InvalidRange</Code>'), 'bytes */10'],
  ])('objects are read by range %s', async (range, statusCode, text, contentRange) => {
    const oss = await startOss();
    await oss.call(put({ body: '0123456789' }));

    const response = await oss.call({ ...object, method: 'GET', headers: { range } });

    expect([response.statusCode, response.text, response.headers['content-range']]).toEqual([
      statusCode,
      text,
      contentRange,
    ]);
  });

  it.each([
    ['bytes=1-3', 206, 'ell'],
    ['bytes=3-99', 206, 'lo'],
    ['bytes=-99', 206, 'hello'],
    ['bytes=5-', 416, undefined],
    ['bytes=3-1', 416, undefined],
    ['bytes=9-12', 416, undefined],
  ])(
    'the range %s is answered as in HTTP, where the request asks for that',
    async (range, statusCode, text) => {
      const oss = await startOss();
      await oss.call(put());

      const headers = { range, 'x-oss-range-behavior': 'standard' };
      const answer = await oss.call({ ...object, method: 'GET', headers });

      expect(answer.statusCode).toBe(statusCode);
      if (text === undefined) {
        expect(answer.code).toBe('InvalidRange');
      } else {
        expect(answer.text).toBe(text);
      }
    },
  );
});

describe('writes that must not overwrite', () => {
  it('writes that must not overwrite let one of many win', async () => {
    const oss = await startOss();
    const headers = { 'x-oss-forbid-overwrite': 'true' };

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => oss.call(put({ headers, body: `body ${index}` }))),
    );

    const winners = answers.flatMap(({ statusCode }, index) => (statusCode === 200 ? [index] : []));
    expect(winners).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'FileAlreadyExists')).toHaveLength(19);
    expect((await oss.call({ ...object, method: 'GET' })).text).toBe(`body ${winners[0]}`);
    expect(oss.events).toHaveLength(1);
  });

  it('a write that must not overwrite is refused before its body has come', async () => {
    const oss = await startOss();
    await oss.call(put());
    const { path, headers } = signV4({
      ...object,
      method: 'PUT',
      headers: { 'x-oss-forbid-overwrite': 'true' },
    });
    const endless = { ...headers, 'content-length': '1000000' };

    const request = httpRequest({ host: '127.0.0.1', port: oss.port, method: 'PUT', path, headers: endless });
    request.on('error', () => {}).write('only the beginning');
    const [response] = await once(request, 'response');
    request.destroy();

    expect(response.statusCode).toBe(409);
  });

  it.each([
    ['CopyObject', { headers: { 'x-oss-copy-source': '/photos/a.txt' }, body: '' }],
    ['PutSymlink', { query: { symlink: '' }, headers: { 'x-oss-symlink-target': 'a.txt' }, body: '' }],
  ])('writes that must not overwrite are refused by %s, too', async (_, options: Partial<SignOptions>) => {
    const oss = await startOss();
    await oss.call(put());
    await oss.call(put({ key: 'b' }));

    const headers = { ...options.headers, 'x-oss-forbid-overwrite': 'true' };
    const answer = await oss.call(put({ ...options, key: 'b', headers }));

    expect([answer.statusCode, answer.code]).toEqual([409, 'FileAlreadyExists']);
  });
});
