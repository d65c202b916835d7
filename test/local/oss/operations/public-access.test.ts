/* OSS help, "Block Public Access": on by default in new buckets since October 2025. */
import { describe, expect, it, vi } from 'vitest';
import { type RunningOss, startOss } from '../running-oss.ts';
import { element } from '../text-object.ts';

const bucket = 'videos';
const isPublic = { 'x-oss-object-acl': 'public-read' };

const block = (oss: RunningOss, isBlocked: boolean, name = bucket) =>
  oss.call({
    bucket: name,
    method: 'PUT',
    query: { publicAccessBlock: '' },
    body: `<PublicAccessBlockConfiguration><BlockPublicAccess>${isBlocked}</BlockPublicAccess></PublicAccessBlockConfiguration>`,
  });

async function isBlocked(oss: RunningOss, name = bucket): Promise<(string | undefined)[]> {
  const info = await oss.call({ bucket: name, method: 'GET', query: { bucketInfo: '' } });
  const own = await oss.call({ bucket: name, method: 'GET', query: { publicAccessBlock: '' } });
  return [info, own].map(({ text }) => element(text, 'BlockPublicAccess'));
}

describe('block public access', () => {
  it.each<[string, Record<string, string>]>([
    ['PutBucket', {}],
    ['PutBucketAcl', { acl: '' }],
  ])('block public access is on in a bucket that %s makes, and can be switched off', async (_, query) => {
    const oss = await startOss();
    await oss.call({ bucket, method: 'PUT', query, headers: { 'x-oss-acl': 'private' } });

    const shown = [await isBlocked(oss)];
    await block(oss, false);
    shown.push(await isBlocked(oss));
    await block(oss, true);
    shown.push(await isBlocked(oss));
    await oss.call({ bucket, method: 'DELETE', query: { publicAccessBlock: '' } });
    shown.push(await isBlocked(oss));

    expect(shown.map(([info, own]) => [info, own])).toEqual([
      ['true', 'true'],
      ['false', 'false'],
      ['true', 'true'],
      ['false', 'false'],
    ]);
  });

  it.each([
    ['PUT', '', {}, { 'x-oss-acl': 'public-read' }],
    ['PUT', '', { acl: '' }, { 'x-oss-acl': 'public-read-write' }],
    ['PUT', 'b', {}, isPublic],
    ['PUT', 'a', { acl: '' }, isPublic],
    ['PUT', 'b', {}, { ...isPublic, 'x-oss-copy-source': `/${bucket}/a` }],
    ['PUT', 'b', { symlink: '' }, { ...isPublic, 'x-oss-symlink-target': 'a' }],
    ['POST', 'b', { append: '', position: '0' }, isPublic],
    ['POST', 'b', { uploads: '' }, isPublic],
  ])('block public access refuses to make anything public: %s %j %j', async (method, key, query, headers) => {
    const oss = await startOss();
    await oss.call({ bucket, method: 'PUT' });
    await oss.call({ bucket, key: 'a', method: 'PUT', body: 'x' });
    await block(oss, true);

    const refused = await oss.call({ bucket, key, method, query, headers, body: '' });
    await block(oss, false);
    const allowed = await oss.call({ bucket, key, method, query, headers, body: '' });

    expect([refused.statusCode, refused.code, allowed.statusCode]).toEqual([403, 'AccessDenied', 200]);
  });

  it('block public access only warns in the log where nobody has switched it on', async () => {
    const warn = vi.fn();
    const oss = await startOss({ log: { debug: () => {}, info: () => {}, warn, error: () => {} } });
    await oss.call({ bucket, method: 'PUT' });

    const { statusCode } = await oss.call({ bucket, key: 'a', method: 'PUT', headers: isPublic, body: 'x' });

    expect([statusCode, (await fetch(`${oss.url}/${bucket}/a`)).status]).toEqual([200, 200]);
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('Block Public Access'), {
      bucket,
      acl: 'public-read',
    });
  });

  it('block public access makes what was public already private', async () => {
    const oss = await startOss();
    await oss.call({ bucket: 'photos', key: 'a', method: 'PUT', headers: isPublic, body: 'x' });

    await block(oss, true, 'photos');
    const blocked = await fetch(`${oss.url}/photos/a`);
    await block(oss, false, 'photos');
    const open = await fetch(`${oss.url}/photos/a`);

    expect([blocked.status, open.status]).toEqual([403, 200]);
  });
});
