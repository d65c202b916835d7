import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
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
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"other"' }, 200],
    [{ 'if-modified-since': before }, 200],
    [{ 'if-modified-since': same }, 304],
    [{ 'if-modified-since': 'yesterday' }, 200],
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
      expect([answers[0]?.text, answers[0]?.headers.etag]).toEqual(['', eTag]);
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

describe('ranges', () => {
  it.each([
    ['bytes=1-3', 206, 'ell'],
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
  it('let one of many win', async () => {
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

describe('appends', () => {
  const append = (position: string, body: string): SignOptions => ({
    ...object,
    method: 'POST',
    query: { append: '', position },
    body,
  });

  it('appends go to appendable objects only, at their end', async () => {
    const oss = await startOss();
    await oss.call(put({ key: 'normal' }));

    const normal = await oss.call({ ...append('5', 'x'), key: 'normal' });
    const ahead = await oss.call(append('5', 'x'));
    const nonsense = await oss.call(append('-1', 'x'));
    await oss.call(append('0', 'hello'));
    const again = await oss.call(append('0', 'hello'));

    expect([normal.code, ahead.code, nonsense.code, again.code]).toEqual([
      'ObjectNotAppendable',
      'PositionNotEqualToLength',
      'InvalidArgument',
      'PositionNotEqualToLength',
    ]);
    expect(again.headers['x-oss-next-append-position']).toBe('5');
  });

  it('appends that race leave one of them, whole', async () => {
    const oss = await startOss();
    await oss.call(append('0', 'hello'));

    // Long enough to arrive all at the same time.
    const bodies = ['a', 'b', 'c', 'd'].map((char) => char.repeat(2_000_000));
    const answers = await Promise.all(bodies.map((body) => oss.call(append('5', body))));

    const winner = answers.findIndex(({ statusCode }) => statusCode === 200);
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    expect((await oss.call({ ...object, method: 'GET' })).text === `hello${bodies[winner]}`).toBe(true);
  });
});

describe('batch deletes', () => {
  const batch = (body: string, query = {}): SignOptions => ({
    method: 'POST',
    bucket: 'photos',
    query: { delete: '', ...query },
    body,
  });

  it('batch deletes take any character in a key, escaped or not, and name it as asked', async () => {
    const oss = await startOss();
    const key = '\u0001 <&> \t\r\n\u001f猫';
    await oss.call(put({ key }));

    const isEscaped = (char: string) => '<&\r'.includes(char) || char === '\u0001';
    const written = [...key].map((char) => (isEscaped(char) ? `&#${char.codePointAt(0)};` : char));
    const body = `<Delete><Object><Key>${written.join('')}</Key><VersionId>null</VersionId></Object></Delete>`;
    const answer = await oss.call(batch(body, { 'encoding-type': 'url' }));

    expect(answer.text).toContain(`<Key>${encodeURIComponent(key)}</Key>`);
    expect((await oss.call({ bucket: 'photos', key, method: 'HEAD' })).statusCode).toBe(404);
  });

  it.each([
    ['<Delete></Delete>', 'MalformedXML'],
    ['<Delete><Object><Key>a', 'MalformedXML'],
    ['nonsense', 'MalformedXML'],
    ['<!DOCTYPE Delete [<!ENTITY k "a">]><Delete><Object><Key>&k;</Key></Object></Delete>', 'MalformedXML'],
    [`<Delete>${'<Object><Key>a</Key></Object>'.repeat(1001)}</Delete>`, 'MalformedXML'],
    ['<Delete><Object><Key>a</Key><VersionId>7</VersionId></Object></Delete>', 'InvalidArgument'],
    ['<Delete><Object><Key></Key></Object></Delete>', 'InvalidObjectName'],
  ])('batch deletes are refused and delete nothing: %#', async (body, code) => {
    const oss = await startOss();
    await oss.call(put());

    const answer = await oss.call(batch(body));

    expect([answer.statusCode, answer.code]).toEqual([400, code]);
    expect((await oss.call({ ...object, method: 'HEAD' })).statusCode).toBe(200);
  });
});

describe('a bucket', () => {
  it('counts what it holds, and lists each object as its only version', async () => {
    const oss = await startOss();
    await oss.call(put());
    await oss.call(put({ key: 'b', headers: { 'x-oss-storage-class': 'IA' } }));

    const stat = await oss.call({ method: 'GET', bucket: 'photos', query: { stat: '' } });
    const versions = await oss.call({
      method: 'GET',
      bucket: 'photos',
      query: { versions: '', 'max-keys': '1' },
    });

    expect(stat.text).toContain('<Storage>10</Storage>');
    expect(stat.text).toContain('<InfrequentAccessObjectCount>1</InfrequentAccessObjectCount>');
    expect(versions.text).toMatch(/<NextKeyMarker>a.txt<.*<VersionId>null<.*<IsLatest>true</s);
  });

  it('a bucket passes its storage class on', async () => {
    const oss = await startOss();
    const body = '<CreateBucketConfiguration><StorageClass>IA</StorageClass></CreateBucketConfiguration>';
    await oss.call({ method: 'PUT', bucket: 'cold', body });
    await oss.call(put({ bucket: 'cold' }));

    const info = await oss.call({ method: 'GET', bucket: 'cold', query: { bucketInfo: '' } });
    const head = await oss.call({ ...object, bucket: 'cold', method: 'HEAD' });

    expect(info.text).toContain(`<ExtranetEndpoint>${oss.url}</ExtranetEndpoint>`);
    expect(info.text).toContain('<StorageClass>IA</StorageClass>');
    expect(head.headers['x-oss-storage-class']).toBe('IA');
  });

  it.each(['<CreateBucketConfiguration><StorageClass>IA</StorageClass>', '<Other/>', 'nonsense'])(
    'no bucket is made by a configuration that is none: %s',
    async (body) => {
      const oss = await startOss();

      const answer = await oss.call({ method: 'PUT', bucket: 'cold', body });
      const info = await oss.call({ method: 'GET', bucket: 'cold', query: { bucketInfo: '' } });

      expect([answer.statusCode, answer.text]).toEqual([400, expect.stringContaining('MalformedXML')]);
      expect(info.text).toContain('NoSuchBucket');
    },
  );
});
