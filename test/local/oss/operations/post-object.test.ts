import { describe, expect, it } from 'vitest';
import { hostileKeys } from '../../../fixtures/hostile-keys.ts';
import { aliClient } from '../ali-client.ts';
import { type RunningOss, startOss } from '../running-oss.ts';

const minutes = (count: number) => new Date(Date.now() + count * 60_000).toISOString();

interface Upload {
  fields?: Record<string, string>;
  conditions?: unknown[];
  expiration?: string;
  file?: Blob;
  fileName?: string;
  version?: 'V4' | 'V1' | 'none';
  secret?: string;
}

/** The form of a page that had its policy signed by the official client. */
function formOf(oss: RunningOss, upload: Upload): FormData {
  const { fields = {}, conditions = [{ bucket: 'photos' }], version = 'V4' } = upload;
  const policy = { expiration: upload.expiration ?? minutes(5), conditions };
  const client = aliClient(oss, upload.secret === undefined ? {} : { accessKeySecret: upload.secret });
  const date = new Date();
  const signedAt = date.toISOString().replace(/[-:]|\.\d+/g, '');
  const signed: Record<string, string> = {
    V1: client.calculatePostSignature(policy),
    V4: {
      policy: Buffer.from(JSON.stringify(policy)).toString('base64'),
      'x-oss-signature-version': 'OSS4-HMAC-SHA256',
      'x-oss-credential': `local/${signedAt.slice(0, 8)}/cn-hangzhou/oss/aliyun_v4_request`,
      'x-oss-date': signedAt,
      'x-oss-signature': client.signPostObjectPolicyV4(policy, date),
    },
    none: {},
  }[version];
  const form = new FormData();
  for (const [name, value] of Object.entries({ key: 'a.jpg', ...signed, ...fields })) {
    form.set(name, value);
  }
  form.set('file', upload.file ?? new Blob(['hello'], { type: 'image/jpeg' }), upload.fileName ?? 'cat.jpg');
  return form;
}

async function post(oss: RunningOss, upload: Upload = {}) {
  const response = await fetch(`${oss.url}/photos/`, {
    method: 'POST',
    body: formOf(oss, upload),
    redirect: 'manual',
  });
  const text = await response.text();
  return { response, text, code: /<Code>(.*?)</.exec(text)?.[1] };
}

describe('a form upload', () => {
  it('a form upload whose metadata no header can hold can be read all the same', async () => {
    const oss = await startOss();
    const fields = {
      'x-oss-meta-by': 'a\r\nb: c\x00',
      'x-oss-meta-a b': 'x',
      'x-oss-meta-名': 'x',
      'x-oss-server-side-é': 'x',
    };

    const { response } = await post(oss, { fields });
    const { statusCode, headers } = await oss.call({ method: 'GET', bucket: 'photos', key: 'a.jpg' });

    expect([response.status, statusCode]).toEqual([204, 200]);
    const shown = Object.entries(headers).filter(([name]) => name.startsWith('x-oss-meta-'));
    expect(shown).toEqual([['x-oss-meta-by', 'ab: c']]);
  });

  it.each(['V4', 'V1'] as const)(
    'a form upload signed by %s becomes an object, with its event',
    async (version) => {
      const oss = await startOss();

      const { response } = await post(oss, {
        version,
        fields: { 'x-oss-meta-by': '我', 'Cache-Control': 'no-store' },
      });
      const { text, headers } = await oss.call({ method: 'GET', bucket: 'photos', key: 'a.jpg' });

      expect([response.status, text]).toEqual([204, 'hello']);
      expect(headers).toMatchObject({ 'content-type': 'image/jpeg', 'cache-control': 'no-store' });
      expect(oss.events).toMatchObject([
        {
          eventName: 'ObjectCreated:PostObject',
          userIdentity: { principalId: '1000000000000000' },
          oss: { object: { key: 'a.jpg', objectMeta: { userMeta: { 'x-oss-meta-by': '我' } } } },
        },
      ]);
    },
  );

  // A form's line ends are always CRLF: no browser can send a bare one.
  it.each(hostileKeys.filter((key) => !key.includes('\n')))('a form upload takes the key %j', async (key) => {
    const oss = await startOss();

    await post(oss, { fields: { key } });

    expect((await oss.call({ method: 'GET', bucket: 'photos', key })).text).toBe('hello');
  });

  it.each(['猫 "1".jpg', 'price$$.jpg', 'a$&b.jpg', "x$'y.jpg", 'x$`y.jpg', '$1$<a>.jpg'])(
    'a form upload puts the name of the file into the key: %s',
    async (fileName) => {
      const oss = await startOss();

      await post(oss, { fields: { key: `up/\${filename}` }, fileName });

      expect(oss.events[0]?.oss.object.key).toBe(`up/${fileName}`);
    },
  );

  it('a form upload streams a file that holds something like a boundary, whatever its chunks', async () => {
    const oss = await startOss();
    const text = `\r\n--${'-'.repeat(30)}\r\n`.repeat(40_000);

    await post(oss, { file: new Blob([text]) });

    expect((await oss.call({ method: 'GET', bucket: 'photos', key: 'a.jpg' })).text).toBe(text);
  });

  it.each([
    [{ success_action_status: '200' }, 200, undefined, ''],
    [{ success_action_status: '201' }, 201, undefined, '<Key>a.jpg</Key>'],
    [{ success_action_status: '999' }, 204, undefined, ''],
    [
      { success_action_redirect: 'http://me.example/done?x=1' },
      303,
      'http://me.example/done?x=1&bucket=photos&key=a.jpg&etag=%225D41402ABC4B2A76B9719D911017C592%22',
      '',
    ],
    [
      { success_action_redirect: 'http://me.example/猫' },
      303,
      'http://me.example/%E7%8C%AB?bucket=photos&key=a.jpg&etag=%225D41402ABC4B2A76B9719D911017C592%22',
      '',
    ],
  ])('a form upload is answered as %j asks', async (fields, status, location, body) => {
    const { response, text } = await post(await startOss(), { fields });

    expect([response.status, response.headers.get('location') ?? undefined]).toEqual([status, location]);
    expect(text).toContain(body);
    expect(response.headers.get('etag')).toBe('"5D41402ABC4B2A76B9719D911017C592"');
  });

  it.each<[string, Upload, number, string]>([
    ['an expired policy', { expiration: minutes(-1) }, 403, 'AccessDenied'],
    ['an expiration without a zone', { expiration: minutes(5).slice(0, -1) }, 400, 'InvalidPolicyDocument'],
    ['a space in its expiration', { expiration: minutes(5).replace('T', ' ') }, 400, 'InvalidPolicyDocument'],
    [
      'an expiration in another zone',
      { expiration: '2999-01-01T00:00:00+08:00' },
      400,
      'InvalidPolicyDocument',
    ],
    ['an expiration that is no day', { expiration: '2999-13-01T00:00:00Z' }, 400, 'InvalidPolicyDocument'],
    ['another bucket', { conditions: [{ bucket: 'other' }] }, 403, 'AccessDenied'],
    ['another key', { conditions: [['starts-with', '$key', 'user/']] }, 403, 'AccessDenied'],
    ['another type', { conditions: [['in', '$content-type', ['image/png']]] }, 403, 'AccessDenied'],
    ['a file too large', { conditions: [['content-length-range', 0, 4]] }, 400, 'EntityTooLarge'],
    ['a file too small', { conditions: [['content-length-range', 6, 9]] }, 400, 'EntityTooSmall'],
    ['a condition of two', { conditions: [{ a: '1', b: '2' }] }, 400, 'InvalidPolicyDocument'],
    ['a wrong secret, V4', { secret: 'wrong' }, 403, 'SignatureDoesNotMatch'],
    ['a wrong secret, V1', { secret: 'wrong', version: 'V1' }, 403, 'SignatureDoesNotMatch'],
    ['no policy', { version: 'none' }, 403, 'AccessDenied'],
    ['a callback', { fields: { callback: 'e30=' } }, 501, 'NotImplemented'],
    ['a bad key', { fields: { key: '/a' } }, 400, 'InvalidObjectName'],
  ])('a form upload is refused with %s', async (_, upload, status, expected) => {
    const oss = await startOss();

    const { response, code } = await post(oss, upload);

    expect([response.status, code]).toEqual([status, expected]);
    expect(oss.events).toEqual([]);
  });

  it('a form upload holds fields to every kind of condition', async () => {
    const conditions = [
      ['eq', '$key', 'a.jpg'],
      ['starts-with', '$key', 'a'],
      ['in', '$Content-Type', ['text/a', 'text/b']],
      ['not-in', '$cache-control', ['no-cache']],
      ['content-length-range', 5, 5],
      { 'x-oss-object-acl': 'private' },
    ];
    const fields = { 'x-oss-object-acl': 'private' };
    const file = new Blob(['hello'], { type: 'text/a' });

    expect((await post(await startOss(), { conditions, fields, file })).response.status).toBe(204);
  });

  it.each([
    [{ 'content-type': 'image/jpeg' }, 'text/html', 403],
    [{ 'content-type': 'text/html' }, 'image/jpeg', 204],
    [{ 'x-oss-content-type': 'image/jpeg' }, 'text/html', 204],
    [{ 'x-oss-content-type': 'text/html' }, 'image/jpeg', 403],
  ])(
    'a form upload holds the type that is stored to the policy: %j with a file of %s',
    async (fields, type, status) => {
      const oss = await startOss();
      const conditions = [['starts-with', '$content-type', 'image/']];

      const { response } = await post(oss, { conditions, fields, file: new Blob(['x'], { type }) });

      expect(response.status).toBe(status);
      const stored = oss.events.map((event) => event.oss.object.objectMeta.mimeType);
      expect(stored).toEqual(status === 204 ? ['image/jpeg'] : []);
    },
  );

  it('a form upload overwrites nothing when told not to', async () => {
    const oss = await startOss();
    const fields = { 'x-oss-forbid-overwrite': 'true' };

    const statuses = [(await post(oss, { fields })).response.status, (await post(oss, { fields })).code];

    expect(statuses).toEqual([204, 'FileAlreadyExists']);
  });

  it('a form upload needs no policy in a bucket that the public may write to', async () => {
    const oss = await startOss();
    await oss.call({ method: 'PUT', bucket: 'photos', headers: { 'x-oss-acl': 'public-read-write' } });

    expect((await post(oss, { version: 'none' })).response.status).toBe(204);
  });

  it.each([
    ['multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\na'],
    [
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\na\r\n--b--',
    ],
    [
      'multipart/form-data; boundary=b',
      `--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n${'a'.repeat(99_999)}`,
    ],
  ])('a form upload is refused as malformed: %s %j', async (type, body) => {
    const oss = await startOss();

    const response = await fetch(`${oss.url}/photos/`, {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    });

    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('MalformedPOSTRequest'),
    ]);
  });
});
