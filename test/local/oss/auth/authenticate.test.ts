import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { type RawRequest, type SignOptions, send, signV4 } from '../v4-client.ts';

const put: SignOptions = {
  method: 'PUT',
  bucket: 'photos',
  key: 'uploads/cat.jpg',
  headers: { 'content-type': 'image/jpeg', 'x-oss-meta-author': 'someone', 'cache-control': 'no-store' },
  additionalHeaders: ['cache-control'],
  body: 'picture',
};
const list: SignOptions = { method: 'GET', bucket: 'photos', query: { prefix: 'uploads/', 'max-keys': '5' } };

const withHeader = (name: string, value: string) => (request: RawRequest) => ({
  ...request,
  headers: { ...request.headers, [name]: value },
});

describe('a signed request', () => {
  it.each([put, list])('a signed request is accepted as it was signed ($method)', async (options) => {
    const oss = await startOss();

    const response = await oss.call(options);

    expect(response.statusCode).toBe(200);
  });

  it.each<[string, SignOptions, (request: RawRequest) => RawRequest]>([
    ['method', put, (request) => ({ ...request, method: 'GET', body: Buffer.alloc(0) })],
    ['path', put, (request) => ({ ...request, path: request.path.replace('cat', 'cau') })],
    [
      'bucket in the path',
      list,
      (request) => ({ ...request, path: request.path.replace('photos', 'photot') }),
    ],
    ['query value', list, (request) => ({ ...request, path: request.path.replace('uploads', 'uploadt') })],
    ['query name', list, (request) => ({ ...request, path: request.path.replace('prefix', 'prefiy') })],
    ['query parameter added', list, (request) => ({ ...request, path: `${request.path}&delimiter=x` })],
    ['content-type', put, withHeader('content-type', 'image/jpeh')],
    ['content-md5', put, withHeader('content-md5', '1B2M2Y8AsgTpgAmY7PhCfg==')],
    ['x-oss-meta', put, withHeader('x-oss-meta-author', 'someonf')],
    ['x-oss-meta added', put, withHeader('x-oss-meta-more', '1')],
    ['additional header', put, withHeader('cache-control', 'no-storf')],
    ['secret', { ...put, accessKeySecret: 'local-secreu' }, (request) => request],
  ])('a signed request is refused with one byte flipped: %s', async (_, options, flip) => {
    const oss = await startOss({ buckets: ['photos', 'photot'] });

    const response = await send(oss.port, flip(signV4(options)));

    expect([response.statusCode, response.code]).toEqual([403, 'SignatureDoesNotMatch']);
    expect(response.headers['x-oss-ec']).toBe('0002-00000201');
  });

  it('a signed request is refused as InvalidDigest when its body is not the one of the signed Content-MD5', async () => {
    const oss = await startOss();

    const response = await send(oss.port, { ...signV4(put), body: Buffer.from('picturf') });

    expect([response.statusCode, response.code]).toEqual([400, 'InvalidDigest']);
    expect((await oss.call({ method: 'HEAD', bucket: 'photos', key: 'uploads/cat.jpg' })).statusCode).toBe(
      404,
    );
  });

  it('a signed request is refused as too skewed more than 15 minutes off, with the time of the server', async () => {
    const nowMs = Date.UTC(2026, 2, 11, 6, 21, 35);
    const oss = await startOss({ now: () => nowMs });

    const late = await oss.call({ ...list, timeMs: nowMs - 901_000 });
    const inTime = await oss.call({ ...list, timeMs: nowMs + 899_000 });

    expect([late.statusCode, late.code]).toEqual([403, 'RequestTimeTooSkewed']);
    expect(late.text).toContain('<ServerTime>2026-03-11T06:21:35.000Z</ServerTime>');
    expect(inTime.statusCode).toBe(200);
  });

  it.each<[string, SignOptions, (request: RawRequest) => RawRequest, number, string, string | undefined]>([
    ['another region', { ...list, region: 'cn-beijing' }, (r) => r, 400, 'InvalidArgument', '0002-00000226'],
    [
      'a payload hash',
      list,
      withHeader('x-oss-content-sha256', 'abc'),
      400,
      'InvalidArgument',
      '0002-00000214',
    ],
    ['no date', list, withHeader('x-oss-date', ''), 403, 'AccessDenied', '0002-00000503'],
    [
      'an impossible date',
      list,
      withHeader('x-oss-date', '20261340T000000Z'),
      403,
      'AccessDenied',
      '0002-00000502',
    ],
    ['another day', list, withHeader('x-oss-date', '20200101T000000Z'), 400, 'InvalidArgument', undefined],
    [
      'an unknown AccessKey',
      { ...list, accessKeyId: 'x' },
      (r) => r,
      403,
      'InvalidAccessKeyId',
      '0002-00000902',
    ],
    ['nonsense', list, withHeader('authorization', 'Bearer abc'), 400, 'InvalidArgument', undefined],
  ])('a signed request is refused with %s', async (_, options, change, statusCode, code, ec) => {
    const oss = await startOss();

    const response = await send(oss.port, change(signV4(options)));

    expect([response.statusCode, response.code, response.headers['x-oss-ec']]).toEqual([
      statusCode,
      code,
      ec,
    ]);
  });

  it.each([
    ['/photos/a?x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-signature=00', 403, 'a valid Date'],
    ['/photos/a?x-oss-signature-version=OSS2&x-oss-signature=00', 501, 'URLs signed by OSS2'],
    ['/photos/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00', 501, 'URLs signed by AWS4-HMAC-SHA256'],
    ['/photos/a?OSSAccessKeyId=local&Expires=1&Signature=00', 403, 'Request has expired'],
    ['/photos/a', 403, 'Anonymous user has no right to access this object'],
    ['/photos', 403, 'Anonymous user has no right to access this bucket'],
  ])(
    'a signed request is named for what it lacks when it has no Authorization header: %s',
    async (path, statusCode, message) => {
      const oss = await startOss();

      const response = await send(oss.port, { method: 'GET', path, headers: {}, body: Buffer.alloc(0) });

      expect(response.statusCode).toBe(statusCode);
      expect(response.text).toContain(message);
    },
  );
});

describe('temporary credentials', () => {
  it('temporary credentials open what the account opens, and name the role in events', async () => {
    const oss = await startOss();
    const credentials = oss.issueToken({ roleName: 'resizer' });

    const response = await oss.call({ ...put, ...credentials });

    expect(response.statusCode).toBe(200);
    expect(oss.events[0]?.userIdentity.principalId).toBe('resizer:local');
  });

  it('temporary credentials expire', async () => {
    let nowMs = Date.now();
    const oss = await startOss({ now: () => nowMs });
    const credentials = oss.issueToken({ roleName: 'resizer', ttlSeconds: 60 });
    nowMs += 60_000;

    const response = await oss.call({ ...list, ...credentials, timeMs: nowMs });

    expect([response.statusCode, response.code]).toEqual([403, 'SecurityTokenExpired']);
    expect(response.headers['x-oss-ec']).toBe('0002-00000007');
  });

  it('temporary credentials are refused with another token, an unknown one, none, or under a long-lived AccessKey', async () => {
    const oss = await startOss();
    const { accessKeyId, accessKeySecret, securityToken } = oss.issueToken({ roleName: 'a' });
    const other = oss.issueToken({ roleName: 'b' });
    const codes = async (options: Partial<SignOptions>) => {
      const { code, headers } = await oss.call({ ...list, ...options });
      return [code, headers['x-oss-ec']];
    };
    const key = { accessKeyId, accessKeySecret };

    expect(await codes({ ...key, securityToken: other.securityToken })).toEqual([
      'AccessKeyIdAndSecurityTokenNotMatch',
      '0002-00000004',
    ]);
    expect(await codes({ ...key, securityToken: 'made-up' })).toEqual(['InvalidSecurityToken', undefined]);
    expect(await codes({ securityToken })).toEqual(['InvalidAccessKeyId', '0002-00000002']);
    expect(await codes(key)).toEqual(['InvalidAccessKeyId', '0002-00000003']);
  });

  it('temporary credentials are never echoed in an error', async () => {
    const oss = await startOss();
    const credentials = oss.issueToken({ roleName: 'resizer' });

    const response = await oss.call({ ...list, ...credentials, accessKeySecret: 'wrong' });

    expect(response.code).toBe('SignatureDoesNotMatch');
    expect(response.text).toMatch(/<OSSAccessKeyId>STS\..*<SignatureProvided>[0-9a-f]{64}<.*<StringToSign>/s);
    expect(response.text).not.toContain(credentials.securityToken.slice(0, 12));
  });

  it('temporary credentials are not echoed in the text that V1 signs either', async () => {
    const oss = await startOss();
    const { accessKeyId, securityToken } = oss.issueToken({ roleName: 'resizer' });
    const headers = {
      'x-oss-date': new Date().toUTCString(),
      'x-oss-security-token': securityToken,
      authorization: `OSS ${accessKeyId}:d3Jvbmc=`,
    };

    const request = { method: 'GET', path: '/photos/', headers, body: Buffer.alloc(0) };
    const { code, text } = await send(oss.port, request);

    expect(code).toBe('SignatureDoesNotMatch');
    expect(text).toContain('x-oss-security-token:***');
    expect(text).not.toContain(securityToken.slice(0, 12));
  });
});
