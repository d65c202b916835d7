/* The properties of an object besides its bytes, while others write it. */
import { describe, expect, it } from 'vitest';
import { type RunningOss, startOss } from '../running-oss.ts';
import { object, put } from './signed-object.ts';

const setAcl = (oss: RunningOss) =>
  oss.call({ ...object, method: 'PUT', query: { acl: '' }, headers: { 'x-oss-object-acl': 'public-read' } });
const large = 32 * 1024 * 1024;

describe('the ACL of a large object', () => {
  it('the ACL of a large object is set while others are served', async () => {
    const oss = await startOss();
    await oss.call(put({ body: Buffer.alloc(large) }));
    let isSet = false;
    let served = 0;

    const setting = setAcl(oss).finally(() => {
      isSet = true;
    });
    while (!isSet) {
      await oss.call({ ...object, key: 'gone', method: 'HEAD' });
      served += 1;
    }

    expect((await setting).statusCode).toBe(200);
    expect(served).toBeGreaterThan(5);
  });

  it('the ACL of a large object is set on the bytes of an upload that ends before it', async () => {
    const oss = await startOss();
    await oss.call(put({ body: Buffer.alloc(large) }));

    const [set] = await Promise.all([setAcl(oss), oss.call(put({ body: 'later' }))]);

    const got = await oss.call({ ...object, method: 'GET' });
    expect([set.statusCode, got.text]).toEqual([200, 'later']);
  });

  it('the ACL of a large object is not set on an object that is deleted before it', async () => {
    const oss = await startOss();
    await oss.call(put({ body: Buffer.alloc(large) }));

    const [set] = await Promise.all([setAcl(oss), oss.call({ ...object, method: 'DELETE' })]);

    const got = await oss.call({ ...object, method: 'GET' });
    expect([set.code, got.code]).toEqual(['NoSuchKey', 'NoSuchKey']);
  });
});
