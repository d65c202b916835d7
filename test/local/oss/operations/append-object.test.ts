import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type RunningOss, startOss } from '../running-oss.ts';
import { element, object } from '../text-object.ts';

const append = (oss: RunningOss, position: number, body: string, headers: Record<string, string> = {}) =>
  oss.call({
    ...object,
    method: 'POST',
    query: { append: '', position: String(position) },
    headers,
    body,
  });

describe('an append', () => {
  it('changes the ACL of an object that is there, and nothing else of what is told of it', async () => {
    const oss = await startOss();
    await append(oss, 0, 'hello', { 'x-oss-object-acl': 'public-read-write', 'x-oss-meta-a': '1' });

    await append(oss, 5, ' you', {
      'x-oss-object-acl': 'public-read',
      'x-oss-meta-a': '2',
      'x-oss-meta-b': '2',
    });
    await append(oss, 9, ' all');

    const acl = await oss.call({ ...object, method: 'GET', query: { acl: '' } });
    const { headers, text } = await oss.call({ ...object, method: 'GET' });
    expect(element(acl.text, 'Grant')).toBe('public-read');
    expect([text, headers['x-oss-meta-a'], headers['x-oss-meta-b']]).toEqual([
      'hello you all',
      '1',
      undefined,
    ]);
  });

  it('is checked by the Content-MD5 of what it brings, and leaves the object as it was where that is another', async () => {
    const oss = await startOss();
    await append(oss, 0, 'hello');

    const md5 = createHash('md5').update('other').digest('base64');
    const wrong = await append(oss, 5, ' you', { 'content-md5': md5 });
    const right = await append(oss, 5, ' you');

    expect([wrong.statusCode, wrong.code, right.statusCode]).toEqual([400, 'InvalidDigest', 200]);
    expect((await oss.call({ ...object, method: 'GET' })).text).toBe('hello you');
  });
});
