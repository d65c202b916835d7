import { describe, expect, it } from 'vitest';
import { encodePath, encodeQuery } from '../../src/oss/encode.ts';
import {
  authorization,
  type Credentials,
  canonicalRequest,
  formatTimestamp,
  type RequestToSign,
  scope,
  signedHeaders,
  stringToSign,
} from '../../src/oss/sign.ts';
import { type Vector, headerVectors as vectors } from '../fixtures/vectors/oss-v4.ts';

/** The request of a vector as the SDK it comes from has it at the moment of signing. */
function prepare({ input }: Vector) {
  const { securityToken, signTimeUnix, region, product } = input;
  const timestamp = formatTimestamp(signTimeUnix * 1000);
  const request: RequestToSign = {
    method: input.method,
    canonicalUri: `/${input.bucket}/${encodePath(input.key)}`,
    canonicalQuery: encodeQuery(input.query),
    headers: {
      ...Object.fromEntries(
        Object.entries(input.headers).map(([name, value]) => [name.toLowerCase(), value]),
      ),
      'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
      ...(input.dateSentIn === 'x-oss-date' ? { 'x-oss-date': timestamp } : {}),
      ...(securityToken === null ? {} : { 'x-oss-security-token': securityToken }),
    },
    additionalHeaders: input.additionalHeaders.map((name) => name.toLowerCase()),
  };
  const pair = { accessKeyId: input.accessKeyId, accessKeySecret: input.accessKeySecret };
  const credentials: Credentials = securityToken === null ? pair : { ...pair, securityToken };
  return { request, timestamp, region, product, credentials };
}

const credentials = { accessKeyId: 'ak', accessKeySecret: 'sk', securityToken: 'token' };
const request: RequestToSign = {
  method: 'POST',
  canonicalUri: '/bucket/a%20b.jpg',
  canonicalQuery: 'x-oss-process',
  headers: { 'content-md5': 'VS9MYwXVjzHA7KgWrSNkOA==' },
};
const signer = { credentials, region: 'cn-hangzhou', epochMs: 1_702_743_657_000 };
const sign = (changes: object = {}, signerChanges: object = {}) =>
  signedHeaders({ ...request, ...changes }, { ...signer, ...signerChanges }).authorization?.split(
    'Signature=',
  )[1];

describe('the V4 signature', () => {
  it('the V4 signature has all ten published header vectors to answer to', () => {
    expect(vectors).toHaveLength(10);
  });

  it.each(vectors)(
    'the V4 signature reaches the published canonical request and string to sign of $id',
    (vector) => {
      const { request, timestamp, region, product } = prepare(vector);

      const canonical = canonicalRequest(request);

      expect(canonical).toBe(vector.derived.canonicalRequest);
      expect(stringToSign(timestamp, scope(timestamp, region, product), canonical)).toBe(
        vector.derived.stringToSign,
      );
    },
  );

  it.each(vectors)('the V4 signature reaches the published Authorization of $id', (vector) => {
    const { request, ...signer } = prepare(vector);

    expect(authorization(request, signer)).toBe(vector.expected.authorization);
  });

  it('the V4 signature adds date, payload marker and token to the headers it signs', () => {
    const headers = signedHeaders(request, signer);

    expect(headers).toMatchObject({
      'content-md5': 'VS9MYwXVjzHA7KgWrSNkOA==',
      'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
      'x-oss-date': '20231216T162057Z',
      'x-oss-security-token': 'token',
    });
    expect(headers.authorization).toMatch(
      /^OSS4-HMAC-SHA256 Credential=ak\/20231216\/cn-hangzhou\/oss\/aliyun_v4_request,Signature=[0-9a-f]{64}$/,
    );
  });

  it('the V4 signature sorts headers by name even where a name begins another', () => {
    const headers = { 'x-oss-meta-a-b': '1', 'x-oss-meta-a1': '2', 'x-oss-meta-a': '3' };

    const lines = canonicalRequest({ ...request, headers })
      .split('\n')
      .slice(3, 6);

    expect(lines).toEqual(['x-oss-meta-a:3', 'x-oss-meta-a-b:1', 'x-oss-meta-a1:2']);
  });

  it.each([
    ['method', { method: 'PUT' }, {}],
    ['bucket', { canonicalUri: '/bucket2/a%20b.jpg' }, {}],
    ['key', { canonicalUri: '/bucket/a%20B.jpg' }, {}],
    ['query', { canonicalQuery: 'x-oss-process&y' }, {}],
    ['Content-MD5', { headers: { 'content-md5': 'VS9MYwXVjzHA7KgWrSNkOQ==' } }, {}],
    ['x-oss header', { headers: { ...request.headers, 'x-oss-meta-a': '1' } }, {}],
    ['secret', {}, { credentials: { ...credentials, accessKeySecret: 'sK' } }],
    ['token', {}, { credentials: { ...credentials, securityToken: 'tokem' } }],
    ['second', {}, { epochMs: signer.epochMs + 1000 }],
    ['day', {}, { epochMs: signer.epochMs + 86_400_000 }],
    ['region', {}, { region: 'cn-shanghai' }],
  ])('the V4 signature changes with the %s', (_what, changes, signerChanges) => {
    const before = sign();

    expect(sign(changes, signerChanges)).not.toBe(before);
    expect(sign()).toBe(before);
  });

  it('the V4 signature leaves out the white space around a value, as OSS does', () => {
    const withMeta = (value: string) => sign({ headers: { ...request.headers, 'x-oss-meta-a': value } });

    expect(withMeta(' 1\t')).toBe(withMeta('1'));
  });

  it.each([undefined, ''])('the V4 signature sends no header for the token %j', (securityToken) => {
    const headers = signedHeaders(request, { ...signer, credentials: { ...credentials, securityToken } });

    expect(headers).not.toHaveProperty('x-oss-security-token');
  });

  it('the V4 signature does not depend on headers that a proxy may change', () => {
    expect(sign({ headers: { ...request.headers, 'user-agent': 'x', host: 'h' } })).toBe(sign());
  });
});
