import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import type { SignOptions } from '../v4-client.ts';
import { object, put } from './signed-object.ts';

describe('copies', () => {
  it.each([
    ['photos/a.txt', 200, undefined],
    ['/photos/gone', 404, 'NoSuchKey'],
    ['/nowhere/a.txt', 404, 'NoSuchBucket'],
    ['/photos', 400, 'InvalidArgument'],
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

  it('onto the object itself change its metadata and keep its bytes', async () => {
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
    expect(got.text).toBe('hello');
    expect(got.headers['content-type']).toBe('text/x-b');
    expect(got.headers).not.toHaveProperty('x-oss-meta-a');
    expect(got.headers).not.toHaveProperty('x-oss-tagging-count');
  });
});

describe('symbolic links', () => {
  it.each([
    ['gone', 404, 'SymlinkTargetNotExist'],
    ['other-link', 400, 'InvalidTargetType'],
  ])('symbolic links to %s lead nowhere', async (target, statusCode, code) => {
    const oss = await startOss();
    const link = (key: string, to: string): SignOptions => ({
      bucket: 'photos',
      key,
      method: 'PUT',
      query: { symlink: '' },
      headers: { 'x-oss-symlink-target': to },
    });
    await oss.call(link('other-link', 'a.txt'));
    await oss.call(link('link', target));

    const answers = [
      await oss.call({ bucket: 'photos', key: 'link', method: 'GET' }),
      await oss.call({ bucket: 'photos', key: 'link', method: 'HEAD' }),
    ];

    expect(answers.map((answer) => [answer.statusCode, answer.code])).toEqual(
      Array(2).fill([statusCode, code]),
    );
  });

  it('symbolic links are not what other objects are', async () => {
    const oss = await startOss();
    await oss.call(put());

    expect((await oss.call({ ...object, method: 'GET', query: { symlink: '' } })).code).toBe('NotSymlink');
  });
});

describe('tags', () => {
  it.each([
    ['a=1&a=2'],
    [Array.from({ length: 11 }, (_, index) => `k${index}=v`).join('&')],
    [`${'k'.repeat(129)}=v`],
    [`k=${'v'.repeat(257)}`],
    ['a<b=1'],
  ])('tags are refused as %j', async (tagging) => {
    const answer = await (await startOss()).call(put({ headers: { 'x-oss-tagging': tagging } }));

    expect([answer.statusCode, answer.code]).toEqual([400, 'InvalidTag']);
  });
});
