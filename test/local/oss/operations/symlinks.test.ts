import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import type { SignOptions } from '../v4-client.ts';
import { object, put } from './signed-object.ts';

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

  it('symbolic links are read as links, and take a plus in their target for a space, as Go’s clients write it', async () => {
    const oss = await startOss();
    await oss.call(put({ key: 'a b+c' }));
    const headers = { 'x-oss-symlink-target': 'a+b%2Bc' };
    await oss.call({ ...object, key: 'link', method: 'PUT', query: { symlink: '' }, headers });

    const { text, headers: shown } = await oss.call({ ...object, key: 'link', method: 'GET' });
    const link = await oss.call({ ...object, key: 'link', method: 'GET', query: { symlink: '' } });

    expect([text, shown['x-oss-object-type']]).toEqual(['hello', 'Symlink']);
    expect(link.headers.etag).toMatch(/^"[0-9A-F]{32}"$/);
  });

  it('symbolic links are not what other objects are', async () => {
    const oss = await startOss();
    await oss.call(put());

    expect((await oss.call({ ...object, method: 'GET', query: { symlink: '' } })).code).toBe('NotSymlink');
  });
});
