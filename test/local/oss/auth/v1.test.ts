import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { type RawRequest, send } from '../v4-client.ts';

interface V1Options {
  path?: string;
  headers?: Record<string, string>;
  secret?: string;
  timeMs?: number;
  resource?: string;
}

/** From the published description: method, MD5, type, date, `x-oss-*` headers, resource with its sub-resources. */
function signV1(options: V1Options = {}): RawRequest {
  const { path = '/photos/a%20%E7%8C%AB?acl', resource = '/photos/a 猫?acl' } = options;
  const date = new Date(options.timeMs ?? Date.now()).toUTCString();
  const ossHeaders = Object.entries(options.headers ?? {})
    .filter(([name]) => name.startsWith('x-oss-'))
    .map(([name, value]) => `${name}:${value}\n`);
  const text = `GET\n\n\n${date}\n${ossHeaders.join('')}${resource}`;
  const signature = createHmac('sha1', options.secret ?? 'local-secret')
    .update(text)
    .digest('base64');
  const headers = { date, authorization: `OSS local:${signature}`, ...options.headers };
  return { method: 'GET', path, headers, body: Buffer.alloc(0) };
}

describe('a V1 signature', () => {
  it.each<[string, V1Options]>([
    ['over a sub-resource', {}],
    ['over headers', { headers: { 'x-oss-request-payer': 'requester', 'x-oss-user-agent': 'me' } }],
    ['not over what lists', { path: '/photos/?prefix=a&max-keys=2', resource: '/photos/' }],
    ['over the service', { path: '/?prefix=p', resource: '/' }],
  ])('a V1 signature is taken with an HTTP date, %s', async (_, options) => {
    const oss = await startOss();
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'a 猫' });

    expect((await send(oss.port, signV1(options))).statusCode).toBe(200);
  });

  it.each<[string, V1Options, string]>([
    ['a wrong secret', { secret: 'x' }, '0002-00000040'],
    ['another key', { resource: '/photos/b?acl' }, '0002-00000040'],
    ['a sub-resource left out', { resource: '/photos/a 猫' }, '0002-00000040'],
    ['a wrong clock', { timeMs: Date.now() - 901_000 }, '0002-00000504'],
    ['no date', { headers: { date: '' } }, '0002-00000503'],
    ['an unknown token', { headers: { 'security-token': 'x' } }, '0002-00000002'],
  ])('a V1 signature is refused with %s', async (_, options, ec) => {
    const oss = await startOss();

    const response = await send(oss.port, signV1(options));

    expect([response.statusCode, response.headers['x-oss-ec']]).toEqual([403, ec]);
  });

  it('a V1 signature takes the token in the header of Python SDK V2, and never shows it', async () => {
    const oss = await startOss();
    const { accessKeyId, accessKeySecret, securityToken } = oss.issueToken({ roleName: 'a' });
    const sign = (secret: string) => {
      const request = signV1({ secret, path: '/photos/', resource: '/photos/' });
      const authorization = (request.headers.authorization ?? '').replace('local', accessKeyId);
      return { ...request, headers: { ...request.headers, authorization, 'security-token': securityToken } };
    };

    const right = await send(oss.port, sign(accessKeySecret));
    const wrong = await send(oss.port, sign('wrong'));

    expect([right.statusCode, wrong.code]).toEqual([200, 'SignatureDoesNotMatch']);
    expect(wrong.text).not.toContain(securityToken.slice(0, 12));
  });
});
