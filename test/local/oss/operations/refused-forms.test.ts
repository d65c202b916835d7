/* Codes of OSS help, "400 errors" and "PostObject". */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type RunningOss, startOss } from '../running-oss.ts';

const multipart = 'multipart/form-data; boundary=b';

const form = (
  fields: Record<string, string>,
  file = '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n',
) =>
  `${Object.entries(fields)
    .map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join('')}${file}--b--\r\n`;

async function post(oss: RunningOss, body: string | Buffer, headers: Record<string, string> = {}) {
  const response = await fetch(`${oss.url}/photos/`, {
    method: 'POST',
    body,
    headers: { 'content-type': multipart, ...headers },
  });
  return [response.status, /<Code>(.*?)</.exec(await response.text())?.[1]];
}

async function startPublic(): Promise<RunningOss> {
  const oss = await startOss();
  oss.store.changeSettings('photos', { acl: 'public-read-write', blocksPublic: false });
  return oss;
}

describe('a form', () => {
  it.each<[string, string, string | Buffer, Record<string, string>?]>([
    ['is none', 'RequestIsNotMultiPartContent', 'x', { 'content-type': 'text/plain' }],
    ['has no boundary', 'RequestIsNotMultiPartContent', 'x', { 'content-type': 'multipart/form-data' }],
    ['has no file', 'IncorrectNumberOfFilesInPOSTRequest', form({ key: 'a' }, '')],
    ['has no key', 'InvalidArgument', form({})],
    ['has an empty key', 'InvalidObjectName', form({ key: '' })],
    ['has a key that is not UTF-8', 'MalformedPOSTRequest', Buffer.from(form({ key: '\xff' }), 'latin1')],
    ['has a part without a name', 'MalformedPOSTRequest', form({ key: 'a' }, '--b\r\nX: y\r\n\r\nx\r\n')],
    ['has too long a field', 'FieldItemTooLong', form({ key: 'a', more: 'x'.repeat(2_200_000) })],
    ['has a signature and no policy', 'InvalidArgument', form({ key: 'a', signature: 'x' })],
    ['has a policy and no signature', 'InvalidArgument', form({ key: 'a', policy: 'e30=' })],
    [
      'is not what its digest says',
      'InvalidDigest',
      form({ key: 'a' }),
      { 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==' },
    ],
  ])('a form is refused that %s: %s', async (_, code, body, headers) => {
    const oss = await startPublic();

    expect(await post(oss, body, headers)).toEqual([400, code]);
    expect(oss.store.bucket('photos').keys).toEqual([]);
  });

  it('a form may say the type of its file in any letters, with a charset', async () => {
    const oss = await startPublic();
    const disposition = 'Content-Disposition: form-data; name="file"';

    await post(
      oss,
      form({ key: 'a' }, `--b\r\n${disposition}\r\nContent-Type: text/X; charset=GBK\r\n\r\nx\r\n`),
    );

    expect(oss.store.meta('photos', 'a').headers).toEqual({ 'content-type': 'text/X; charset=GBK' });
  });

  it('a form may have a field of two megabytes, and a digest', async () => {
    const oss = await startPublic();
    const body = form({ key: 'a', 'x-oss-meta-n': '1', more: 'x'.repeat(2_000_000) });

    const md5 = createHash('md5').update(body).digest('base64');

    expect(await post(oss, body, { 'content-md5': md5 })).toEqual([204, undefined]);
    expect(oss.store.bucket('photos').keys).toEqual(['a']);
  });
});
