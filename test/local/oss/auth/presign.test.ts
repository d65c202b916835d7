import { describe, expect, it } from 'vitest';
import { checkValidity } from '../../../../src/local/oss/auth/claim.ts';
import { aliClient } from '../ali-client.ts';
import { type RunningOss, startOss } from '../running-oss.ts';

const versions = ['V4', 'V1'] as const;

/** A URL as ali-oss signs it; path style, and no IP address, for which it refuses to make any. */
async function sign(
  oss: RunningOss,
  version: (typeof versions)[number],
  { method = 'GET', key = 'a +%猫.txt', expires = 60, options = {} },
): Promise<string> {
  const endpoint = `http://localhost:${oss.port}`;
  const client = aliClient(oss, { sldEnable: true, endpoint, ...options });
  return version === 'V4'
    ? client.signatureUrlV4(method, expires, {}, key)
    : client.signatureUrl(key, { method, expires });
}

describe.each(versions)('a URL signed by %s', (version) => {
  it(`a presigned URL of ${version} puts, shows and deletes an object without any header`, async () => {
    const oss = await startOss();

    const put = await fetch(await sign(oss, version, { method: 'PUT' }), {
      method: 'PUT',
      body: Buffer.from('hello'),
    });
    const get = await fetch(await sign(oss, version, {}));
    const removed = await fetch(await sign(oss, version, { method: 'DELETE' }), { method: 'DELETE' });

    expect([put.status, get.status, await get.text(), removed.status]).toEqual([200, 200, 'hello', 204]);
  });

  it(`a presigned URL of ${version} carries temporary credentials`, async () => {
    const oss = await startOss();
    const { accessKeyId, accessKeySecret, securityToken } = oss.issueToken({ roleName: 'viewer' });
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'a', body: 'hello' });

    const options = { accessKeyId, accessKeySecret, stsToken: securityToken };
    const response = await fetch(await sign(oss, version, { key: 'a', options }));

    expect([response.status, await response.text()]).toEqual([200, 'hello']);
  });

  it(`a presigned URL of ${version} is good for its object, its method and its time only`, async () => {
    let nowMs = Date.now();
    const oss = await startOss({ now: () => nowMs });
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'a', body: 'hello' });
    const url = await sign(oss, version, { key: 'a' });
    const codeOf = async (response: Response) =>
      /<Code>(.*?)<.*?<Message>(.*?)</s.exec(await response.text())?.slice(1);

    const other = await fetch(url.replace('/photos/a', '/photos/b'));
    const posted = await fetch(url, { method: 'DELETE' });
    const processed = await fetch(`${url}&x-oss-process=image/info`);
    nowMs += 62_000;
    const late = await fetch(url);

    expect([other.status, posted.status, processed.status]).toEqual([403, 403, 403]);
    expect(await codeOf(other)).toMatchObject(['SignatureDoesNotMatch', expect.anything()]);
    expect([late.status, late.headers.get('x-oss-ec')]).toEqual([403, '0002-00000069']);
    expect(await late.text()).toMatch(
      /<Code>AccessDenied<.*>Request has expired\.<.*<Expires>20.*<ServerTime>20/s,
    );
  });
});

describe('a URL signed by V4', () => {
  it.each([
    ['x-oss-expires=604801', 'x-oss-expires=60', 403, '0002-00000070'],
    ['cn-beijing', 'cn-hangzhou', 400, '0002-00000226'],
  ])('a URL signed by V4 is refused with %s', async (wrong, right, status, ec) => {
    const oss = await startOss();

    const response = await fetch((await sign(oss, 'V4', {})).replace(right, wrong));

    expect([response.status, response.headers.get('x-oss-ec')]).toEqual([status, ec]);
  });

  it('a URL signed by V4 is not good before its time', async () => {
    const oss = await startOss({ now: () => Date.now() - 16 * 60_000 });

    const response = await fetch(await sign(oss, 'V4', {}));

    expect([response.status, response.headers.get('x-oss-ec')]).toEqual([403, '0002-00000235']);
  });

  it('a URL signed by V4 lets headers of the answer be chosen', async () => {
    const oss = await startOss();
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'a', body: 'x' });
    const client = aliClient(oss, { sldEnable: true });

    const queries = { 'response-content-type': 'text/x-b', 'response-content-disposition': 'inline' };
    const response = await fetch(await client.signatureUrlV4('GET', 60, { queries }, 'a'));

    expect(response.headers.get('content-type')).toBe('text/x-b');
    expect(response.headers.get('content-disposition')).toBe('inline');
  });
});

describe('a URL whose time is over', () => {
  it('a presigned URL is good through the second that it names (live test of ossutil)', () => {
    expect(() => checkValidity(0, 60_000, 60_999)).not.toThrow();
    expect(() => checkValidity(0, 60_000, 61_000)).toThrow('Request has expired.');
  });
});
