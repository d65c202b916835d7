import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { type RunningOss, startOss } from '../running-oss.ts';
import { element, object } from '../text-object.ts';
import { signV4 } from '../v4-client.ts';

const append = (oss: RunningOss, position: number, body: string, headers: Record<string, string> = {}) =>
  oss.call({
    ...object,
    method: 'POST',
    query: { append: '', position: String(position) },
    headers,
    body,
  });

describe('an append', () => {
  it('an append changes the ACL of an object that is there, and nothing else of what is told of it', async () => {
    const oss = await startOss();
    const storageClass = { 'x-oss-storage-class': 'IA' };
    const first = { 'x-oss-object-acl': 'public-read-write', 'x-oss-meta-a': '1', ...storageClass };
    await append(oss, 0, 'hello', first);

    await append(oss, 5, ' you', {
      'x-oss-object-acl': 'public-read',
      'x-oss-meta-a': '2',
      'x-oss-meta-b': '2',
    });
    await append(oss, 9, ' all');

    const acl = await oss.call({ ...object, method: 'GET', query: { acl: '' } });
    const { headers, text } = await oss.call({ ...object, method: 'GET' });
    expect(element(acl.text, 'Grant')).toBe('public-read');
    expect(headers).toMatchObject(storageClass);
    expect([text, headers['x-oss-meta-a'], headers['x-oss-meta-b']]).toEqual([
      'hello you all',
      '1',
      undefined,
    ]);
  });

  it('an append is refused, to be sent again, where tags or ACL of the object are set while it is under way, which stay', async () => {
    const oss = await startOss();
    await append(oss, 0, 'hello');
    const put = vi.spyOn(oss.store, 'put');
    const query = { append: '', position: '5' };
    const { method, path, headers } = signV4({ ...object, method: 'POST', query, body: ' you' });
    const request = httpRequest({
      port: oss.port,
      method,
      path,
      headers: { ...headers, 'content-length': 4 },
    });
    const answered = once(request, 'response');
    request.write(' y');
    await expect.poll(() => put.mock.calls.length).toBe(1);

    const tags = '<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>';
    await oss.call({ ...object, method: 'PUT', query: { tagging: '' }, body: tags });
    await oss.call({
      ...object,
      method: 'PUT',
      query: { acl: '' },
      headers: { 'x-oss-object-acl': 'private' },
    });
    request.end('ou');

    const [refused] = await answered;
    const again = await append(oss, Number(refused.headers['x-oss-next-append-position']), ' you');
    const got = await oss.call({ ...object, method: 'GET' });
    const acl = await oss.call({ ...object, method: 'GET', query: { acl: '' } });
    expect([refused.statusCode, again.statusCode, got.text]).toEqual([409, 200, 'hello you']);
    expect([got.headers['x-oss-tagging-count'], element(acl.text, 'Grant')]).toEqual(['1', 'private']);
  });

  it('an append is checked by the Content-MD5 of what it brings, and leaves the object as it was where that is another', async () => {
    const oss = await startOss();
    await append(oss, 0, 'hello');

    const md5 = createHash('md5').update('other').digest('base64');
    const wrong = await append(oss, 5, ' you', { 'content-md5': md5 });
    const right = await append(oss, 5, ' you');

    expect([wrong.statusCode, wrong.code, right.statusCode]).toEqual([400, 'InvalidDigest', 200]);
    expect((await oss.call({ ...object, method: 'GET' })).text).toBe('hello you');
  });
});
