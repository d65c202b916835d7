import { describe, expect, it } from 'vitest';
import { type RunningOss, startOss } from '../running-oss.ts';
import { initiate } from './multipart-upload.ts';
import { object, put } from './signed-object.ts';

describe('copies', () => {
  it.each([
    ['photos/a.txt', 200, undefined],
    ['/photos/gone', 404, 'NoSuchKey'],
    ['/nowhere/a.txt', 404, 'NoSuchBucket'],
    ['/photos', 400, 'InvalidArgument'],
    ['/Photos/a.txt', 400, 'InvalidBucketName'],
  ])('copies from %s are answered %i %s', async (source, statusCode, code) => {
    const oss = await startOss();
    await oss.call(put());

    const answer = await oss.call({
      ...object,
      key: 'b',
      method: 'PUT',
      headers: { 'x-oss-copy-source': source },
    });

    expect([answer.statusCode, answer.code]).toEqual([statusCode, code]);
  });

  it('copies onto the object itself change its metadata and keep its bytes', async () => {
    const oss = await startOss();
    await oss.call(put({ headers: { 'x-oss-meta-a': '1', 'x-oss-tagging': 'k=v' } }));

    const headers = {
      'x-oss-copy-source': '/photos/a.txt',
      'x-oss-metadata-directive': 'REPLACE',
      'x-oss-tagging-directive': 'REPLACE',
      'content-type': 'text/x-b',
    };
    const answer = await oss.call({ ...object, method: 'PUT', headers });
    const got = await oss.call({ ...object, method: 'GET' });

    expect(answer.text).toContain('<ETag>"5D41402ABC4B2A76B9719D911017C592"</ETag>');
    expect(answer.headers).not.toHaveProperty('content-md5');
    expect(got.text).toBe('hello');
    expect(got.headers['content-type']).toBe('text/x-b');
    expect(got.headers).not.toHaveProperty('x-oss-meta-a');
    expect(got.headers).not.toHaveProperty('x-oss-tagging-count');
  });

  it('copies onto the object itself take its ACL away unless they send one (live test of ossutil)', async () => {
    const oss = await startOss();
    await oss.call(put({ headers: { 'x-oss-object-acl': 'private' } }));
    const grant = async () =>
      /<Grant>(.*?)</.exec((await oss.call({ ...object, method: 'GET', query: { acl: '' } })).text)?.[1];
    const headers = { 'x-oss-copy-source': '/photos/a.txt', 'x-oss-metadata-directive': 'REPLACE' };

    await oss.call({ ...object, method: 'PUT', headers: { ...headers, 'x-oss-object-acl': 'private' } });
    expect(await grant()).toBe('private');

    await oss.call({ ...object, method: 'PUT', headers });
    expect(await grant()).toBe('default');
  });

  it('copies take a plus in the name of their source for a space, as Go’s clients write it', async () => {
    const oss = await startOss();
    await oss.call(put({ key: 'a b+c' }));

    const headers = { 'x-oss-copy-source': '/photos/a+b%2Bc' };
    const { statusCode } = await oss.call({ ...object, key: 'copy', method: 'PUT', headers });

    expect(statusCode).toBe(200);
  });
});

describe('a copy', () => {
  const copy = (oss: RunningOss, headers: Record<string, string>, key = 'b.txt') =>
    oss.call({
      bucket: 'photos',
      key,
      method: 'PUT',
      headers: { 'x-oss-copy-source': '/photos/a.txt', ...headers },
    });
  const headOf = async (oss: RunningOss, key: string) =>
    (await oss.call({ bucket: 'photos', key, method: 'HEAD' })).headers;

  it.each([
    [{ 'if-match': '"other"' }, 200],
    [{ 'if-modified-since': new Date(Date.now() + 1e9).toUTCString() }, 200],
    [{ 'if-none-match': '*', 'x-oss-copy-source-if-match': '"other"' }, 412],
  ])('a copy is decided by the conditions of its source alone: %j', async (headers, statusCode) => {
    const oss = await startOss();
    await oss.call(put());

    expect((await copy(oss, headers)).statusCode).toBe(statusCode);
  });

  it('a copy takes the only version of its source', async () => {
    const oss = await startOss();
    await oss.call(put());

    const only = await copy(oss, { 'x-oss-copy-source': '/photos/a.txt?versionId=null' });
    const other = await copy(oss, { 'x-oss-copy-source': '/photos/a.txt?versionId=1' });

    expect([only.statusCode, other.statusCode]).toEqual([200, 501]);
  });

  it('a copy of an object onto itself takes the metadata of the request, whatever the directive', async () => {
    const oss = await startOss();
    await oss.call(put({ headers: { 'x-oss-meta-a': '1' } }));

    await copy(oss, { 'x-oss-meta-b': '2' }, 'a.txt');

    const headers = await headOf(oss, 'a.txt');
    expect([headers['x-oss-meta-a'], headers['x-oss-meta-b']]).toEqual([undefined, '2']);
  });

  it('a copy that replaces metadata keeps the content type, and what an encrypting client needs', async () => {
    const oss = await startOss();
    const source = {
      'content-type': 'image/png',
      'x-oss-meta-a': '1',
      'x-oss-meta-client-side-encryption-key': 'k',
    };
    await oss.call(put({ headers: source }));

    await copy(oss, { 'x-oss-metadata-directive': 'REPLACE', 'x-oss-meta-b': '2' });

    const headers = await headOf(oss, 'b.txt');
    expect(headers).toMatchObject({
      'content-type': 'image/png',
      'x-oss-meta-b': '2',
      'x-oss-meta-client-side-encryption-key': 'k',
    });
    expect(headers['x-oss-meta-a']).toBeUndefined();
  });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['an encrypted source', { 'x-oss-server-side-encryption': 'AES256' }, {}],
    ['a plain source', {}, { 'x-oss-server-side-encryption': 'AES256' }],
    [
      'a source encrypted otherwise',
      { 'x-oss-server-side-encryption': 'AES256' },
      { 'x-oss-server-side-encryption': 'KMS', 'x-oss-server-side-encryption-key-id': 'local' },
    ],
  ])('a copy of %s is encrypted as its request says alone', async (_, source, asked) => {
    const oss = await startOss();
    await oss.call(put({ headers: { ...source, 'x-oss-meta-a': '1' } }));
    const { 'x-oss-server-side-encryption-key-id': __, ...sent } = asked;

    const copied = await copy(oss, sent);
    const replaced = await copy(oss, { ...sent, 'x-oss-metadata-directive': 'REPLACE' }, 'c.txt');

    for (const headers of [copied.headers, replaced.headers, await headOf(oss, 'b.txt')]) {
      const shown = Object.entries(headers).filter(([name]) => name.startsWith('x-oss-server-side-'));
      expect(Object.fromEntries(shown)).toEqual(asked);
    }
    expect((await headOf(oss, 'b.txt'))['x-oss-meta-a']).toBe('1');
  });

  it('a copy of an appendable object onto itself can still be appended to, and another one is Normal', async () => {
    const oss = await startOss();
    const append = (position: string) =>
      oss.call({ ...object, method: 'POST', query: { append: '', position }, body: 'hello' });
    await append('0');

    await copy(oss, { 'x-oss-meta-b': '2' }, 'a.txt');
    await copy(oss, {});

    expect((await append('5')).statusCode).toBe(200);
    expect(await headOf(oss, 'b.txt')).toMatchObject({ 'x-oss-object-type': 'Normal' });
    expect(await headOf(oss, 'a.txt')).toMatchObject({ 'x-oss-meta-b': '2', 'content-length': '10' });
  });

  it.each([
    [{ uploads: '' }, undefined],
    [{ uploads: '', sequential: '' }, 'XUFAKrxLKna5cZ2REBfFkg=='],
  ])(
    'a copy of a multipart object onto itself keeps its ETag, type and MD5, unless class or encryption change: %j',
    async (uploads, md5) => {
      const oss = await startOss();
      const query = { uploadId: await initiate(oss, { ...object, query: uploads }) };
      await oss.call({ ...object, method: 'PUT', query: { ...query, partNumber: '1' }, body: 'hello' });
      await oss.call({ ...object, method: 'POST', query, headers: { 'x-oss-complete-all': 'yes' } });
      const multipart = await headOf(oss, 'a.txt');
      const kept = { etag: multipart.etag, 'x-oss-object-type': 'Multipart' };
      expect(multipart).toMatchObject(kept);

      await copy(oss, { 'x-oss-meta-b': '2' }, 'a.txt');
      const copied = await headOf(oss, 'a.txt');
      expect(copied).toMatchObject({ ...kept, 'x-oss-meta-b': '2' });
      expect([multipart['content-md5'], copied['content-md5']]).toEqual([md5, md5]);

      await copy(oss, { 'x-oss-storage-class': 'IA' }, 'a.txt');
      const rewritten = { etag: '"5D41402ABC4B2A76B9719D911017C592"', 'x-oss-object-type': 'Normal' };
      expect(await headOf(oss, 'a.txt')).toMatchObject(rewritten);
    },
  );

  it('a copy of a symbolic link is the link, wherever it leads', async () => {
    const oss = await startOss();
    const link = { bucket: 'photos', key: 'link', query: { symlink: '' } };
    await oss.call({ ...link, method: 'PUT', headers: { 'x-oss-symlink-target': 'a.txt' } });
    const source = { 'x-oss-copy-source': '/photos/link' };

    const dangling = await copy(oss, source);
    await oss.call(put());
    await copy(oss, { ...source, 'x-oss-meta-a': '1' }, 'link');

    expect(dangling.statusCode).toBe(200);
    for (const key of ['b.txt', 'link']) {
      const shown = await oss.call({ ...link, key, method: 'GET' });
      expect([shown.statusCode, shown.headers['x-oss-symlink-target']]).toEqual([200, 'a.txt']);
      expect((await oss.call({ bucket: 'photos', key, method: 'GET' })).text).toBe('hello');
    }
  });
});
