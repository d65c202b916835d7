import { describe, expect, it } from 'vitest';
import type { Credentials } from '../../src/oss/sign.ts';
import { answer, errorXml, mockOss, process, rejection, secrets, signedAt, source } from './mock-oss.ts';

const saved = '{"bucket":"bucket-1","fileSize":3267,"object":"dest.jpg","status":"OK"}';

describe('an operation that fails', () => {
  it('an operation that fails is an error that names the operation, object, status, code and ids', async () => {
    const mock = mockOss();
    answer(mock, 404, errorXml('NoSuchKey', 'The specified key does not exist.'), {
      'x-oss-ec': '0026-00000001',
    });

    const error = await rejection(mock.client.processObject({ ...source, process }));

    expect(String(error)).toBe(
      'OssServiceError: ProcessObject oss://photos/a b.jpg failed: 404 NoSuchKey: The specified key does not exist. (requestId R1, ec 0026-00000001)',
    );
    expect(error).toMatchObject({ kind: 'permanent', context: { attempts: 1 } });
  });

  it('an operation that fails is tried again, with new credentials and a new signature each time', async () => {
    let asked = 0;
    const credentials = (): Credentials => ({ ...secrets, securityToken: `token-${++asked}` });
    const retries: unknown[] = [];
    const mock = mockOss({
      credentials,
      onRetry: (error, delayMs) => retries.push([error.code, delayMs]),
    });
    mock.clock.nowMs = signedAt + 950;
    const first = answer(mock, 503, errorXml('CpuLimitExceeded', 'busy'));
    mock.pool.intercept({ path: () => true, method: 'POST' }).replyWithError(new Error('other side closed'));
    const third = answer(mock, 200, saved);

    const result = await mock.client.processObject({ ...source, process });

    expect(result.attempts).toBe(3);
    expect(retries).toEqual([
      ['CpuLimitExceeded', 500],
      ['TransportError', 200],
    ]);
    expect(first[0]?.headers).toMatchObject({
      'x-oss-date': '20231216T162057Z',
      'x-oss-security-token': 'token-1',
    });
    expect(third[0]?.headers).toMatchObject({
      'x-oss-date': '20231216T162058Z',
      'x-oss-security-token': 'token-3',
    });
    expect(third[0]?.headers.authorization).not.toBe(first[0]?.headers.authorization);
  });

  it('an operation that fails is given up after three attempts, with the last error', async () => {
    const mock = mockOss();
    for (const code of ['A', 'B', 'C']) {
      answer(mock, 500, errorXml(code, ''));
    }

    const error = await rejection(mock.client.headObject(source));

    expect(error).toMatchObject({ code: 'C', context: { attempts: 3 }, kind: 'transient' });
  });

  it('an operation that fails is given up when the deadline leaves no room for the pause', async () => {
    const mock = mockOss();
    answer(mock, 503, errorXml('CpuLimitExceeded', 'busy'));

    const error = await rejection(mock.client.headObject({ ...source, deadlineMs: signedAt + 500 }));

    expect(error).toMatchObject({ code: 'CpuLimitExceeded', context: { attempts: 1 } });
    expect(mock.sleeps).toEqual([]);
  });

  it('an operation that fails is not even sent after the deadline', async () => {
    const mock = mockOss();

    const error = await rejection(mock.client.headObject({ ...source, deadlineMs: signedAt }));

    expect(error).toMatchObject({ code: 'DeadlineExceeded', context: { attempts: 0 }, kind: 'transient' });
    expect(String(error)).toContain('the time ran out before the request was sent');
  });

  it.each([
    ['RequestTimeTooSkewed', 403, 'too far off', '<ServerTime>2023-12-17T03:47:36.000Z</ServerTime>'],
    ['InvalidArgument', 400, 'Invalid signing date in Authorization header.', ''],
  ])(
    'an operation is signed with the clock of the server after %s, and so are later ones',
    async (code, status, message, extra) => {
      const mock = mockOss();
      answer(mock, status, errorXml(code, message, extra), { date: 'Sun, 17 Dec 2023 03:47:36 GMT' });
      const second = answer(mock, 200, '');
      const later = answer(mock, 204, '');

      await mock.client.headObject(source);
      mock.clock.nowMs += 1000;
      await mock.client.deleteObject(source);

      expect(second[0]?.headers['x-oss-date']).toBe('20231217T034736Z');
      expect(second[0]?.headers.authorization).toContain('/20231217/');
      expect(later[0]?.headers['x-oss-date']).toBe('20231217T034737Z');
    },
  );

  it('an operation is signed with our own clock after an answer that does not complain about it, whatever time that tells', async () => {
    const mock = mockOss();
    answer(mock, 502, 'proxy', { date: 'Sun, 17 Dec 2023 03:47:36 GMT' });
    const second = answer(mock, 200, '');

    await mock.client.headObject(source);

    expect(second[0]?.headers['x-oss-date']).toMatch(/^20231216T/);
  });

  it.each([
    ['bucket', { bucket: 'evil.com/', key: 'k' }],
    ['key', { bucket: 'photos', key: '/k' }],
  ])('an operation is never sent with an impossible %s', async (what, object) => {
    const mock = mockOss();

    const error = await rejection(mock.client.headObject(object));

    expect(error).toMatchObject({
      name: 'OssRequestError',
      code: 'InvalidRequest',
      kind: 'permanent',
      context: { attempts: 0 },
    });
    expect(String(error)).toContain(
      `InvalidRequest: ${what} ${JSON.stringify(object[what === 'key' ? 'key' : 'bucket'])}`,
    );
  });

  it('an operation is never sent with a header that would be signed otherwise than sent', async () => {
    const mock = mockOss();

    const error = await rejection(
      mock.client.putObject({ ...source, body: '', headers: { 'x-oss-meta-a': 'é' } }),
    );

    expect(String(error)).toContain('header x-oss-meta-a: expected printable ASCII');
  });

  it('an operation that fails says what the credentials provider said, and is not tried again', async () => {
    const mock = mockOss({ credentials: () => Promise.reject(new Error('no role')) });

    const error = await rejection(mock.client.headObject(source));

    expect(error).toMatchObject({ code: 'CredentialsError', kind: 'later' });
    expect(String(error)).toBe(
      'OssRequestError: HeadObject oss://photos/a b.jpg failed: CredentialsError: no role',
    );
  });

  it.each([
    ['securityToken', 'token\n'],
    ['securityToken', 'to\0ken'],
    ['accessKeyId', '钥匙'],
    ['accessKeySecret', 'secret '],
  ])('an operation is never sent with the %s %j, which no header can carry', async (name, value) => {
    const mock = mockOss({ credentials: () => ({ ...secrets, [name]: value }) });

    const error = await rejection(mock.client.headObject(source));

    expect(error).toMatchObject({ code: 'CredentialsError', kind: 'later' });
    expect(String(error)).toContain(`${name} holds characters other than printable ASCII`);
    expect(reveal(error)).not.toContain(value);
  });

  it.each(['Code', 'Message', 'RequestId', 'EC', 'Endpoint'])(
    'an operation that fails shows no secret that its answer quotes as %s',
    async (field) => {
      const mock = mockOss({ maxAttempts: 1 });
      const quoted = `very-token very-secret Signature=${'0a'.repeat(32)}`;
      const fields = { Code: 'Denied', Message: 'no', RequestId: 'R', EC: 'E', [field]: quoted };
      const document = Object.entries(fields).map(([name, text]) => `<${name}>${text}</${name}>`);
      answer(mock, 403, `<Error>${document.join('')}</Error>`, { 'x-oss-request-id': fields.RequestId });

      const error = await rejection(mock.client.headObject(source));

      expect(reveal(error)).toContain('*** *** Signature=***');
      expect(reveal(error)).not.toMatch(/very-(secret|token)|0a0a/);
    },
  );

  it('an operation that fails shows no token that its answer encodes, such as in the address of a redirect', async () => {
    const mock = mockOss({ credentials: () => ({ ...secrets, securityToken: 'very+token/=' }) });
    answer(mock, 302, '', { location: 'http://login/?from=very%2Btoken%2F%3D' });

    const error = await rejection(mock.client.headObject(source));

    expect(reveal(error)).toContain('a redirect to http://login/?from=***');
    expect(reveal(error)).not.toContain('token%2F');
  });

  it('an operation that fails shows no token that its answer quotes as it was sent', async () => {
    const mock = mockOss({ credentials: () => ({ ...secrets, securityToken: 'very+token/=' }) });
    answer(mock, 403, errorXml('AccessDenied', 'x-oss-security-token:very+token/= is unknown'));

    const error = await rejection(mock.client.headObject(source));

    expect(String(error)).toContain('x-oss-security-token:*** is unknown');
  });

  it('an operation that fails shows all that its answer says where there is no token to be hidden', async () => {
    const mock = mockOss({ credentials: () => ({ ...secrets, securityToken: undefined }), maxAttempts: 1 });
    answer(mock, 403, errorXml('AccessDenied', 'x-oss-security-token is undefined'));

    const error = await rejection(mock.client.headObject(source));

    expect(String(error)).toContain('AccessDenied: x-oss-security-token is undefined (');
  });

  it('an operation that succeeds shows no secret that its answer names as the object', async () => {
    const mock = mockOss();
    answer(mock, 200, '{"bucket":"very-secret","object":"very-token","status":"OK"}');

    const result = await mock.client.processObject({ ...source, process });

    expect(result).toMatchObject({ bucket: '***', key: '***' });
  });

  it('an operation that succeeds shows no secret that its answer names as the id of the request', async () => {
    const mock = mockOss();
    const headers = { 'x-oss-request-id': 'R very-secret' };
    answer(mock, 200, '{"bucket":"photos","object":"dest.jpg","status":"OK"}', headers);

    expect(await mock.client.processObject({ ...source, process })).toMatchObject({ requestId: 'R ***' });
  });

  it('an operation that succeeds tells the whole key of an object that is named by a SHA-256', async () => {
    const mock = mockOss();
    const key = `derived/${'0a'.repeat(32)}.webp`;
    answer(mock, 200, JSON.stringify({ bucket: 'bucket-1', object: key, status: 'OK' }));

    const result = await mock.client.processObject({ ...source, process });

    expect(result).toMatchObject({ bucket: 'bucket-1', key });
  });

  it('an operation that succeeds shows no signature that its answer names as the object', async () => {
    const mock = mockOss();
    const requests = answer(mock, 500, errorXml('InternalError', 'again'));
    mock.pool.intercept({ path: () => true, method: 'POST' }).reply(
      200,
      ({ headers }) => {
        const authorization = Object.entries(headers ?? {}).find(([name]) => name === 'authorization')?.[1];
        return JSON.stringify({ bucket: 'bucket-1', object: String(authorization), status: 'OK' });
      },
      { headers: { 'x-oss-request-id': 'R1' } },
    );

    const result = await mock.client.processObject({ ...source, process });

    expect(requests).toHaveLength(1);
    expect(result.key).toMatch(/,Signature=\*\*\*$/);
  });

  it.each([
    ['a service error', 403, `<StringToSign>x-oss-security-token:very-token</StringToSign>`],
    ['an unreadable one', 500, ' very-token very-secret'],
  ])('an operation that fails reveals neither secret nor token in %s', async (_what, status, extra) => {
    const mock = mockOss({ maxAttempts: 1 });
    answer(mock, status, errorXml('SignatureDoesNotMatch', 'check your key', extra) + extra);

    const error = await rejection(mock.client.headObject(source));

    expect(reveal(error)).not.toMatch(/very-(secret|token)/);
  });
});

/** Everything a logger could get out of an error: text, stack, own properties, and the same of its causes. */
function reveal(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return [error.message, error.stack, JSON.stringify({ ...error }), reveal(error.cause ?? '')].join('\n');
}
