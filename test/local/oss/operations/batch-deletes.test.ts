import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { type SignOptions, send, signV4 } from '../v4-client.ts';
import { object, put } from './signed-object.ts';

describe('batch deletes', () => {
  const batch = (body: string, query = {}): SignOptions => ({
    method: 'POST',
    bucket: 'photos',
    query: { delete: '', ...query },
    body,
  });

  it('batch deletes take any character in a key, escaped or not, and name it as asked', async () => {
    const oss = await startOss();
    const key = '\u0001 <&> \t\r\n\u001f猫';
    await oss.call(put({ key }));

    const isEscaped = (char: string) => '<&\r'.includes(char) || char === '\u0001';
    const written = [...key].map((char) => (isEscaped(char) ? `&#${char.codePointAt(0)};` : char));
    const body = `<Delete><Object><Key>${written.join('')}</Key><VersionId>null</VersionId></Object></Delete>`;
    const answer = await oss.call(batch(body, { 'encoding-type': 'url' }));

    expect(answer.text).toContain(`<Key>${encodeURIComponent(key)}</Key>`);
    expect((await oss.call({ bucket: 'photos', key, method: 'HEAD' })).statusCode).toBe(404);
  });

  it('batch deletes encode keys for who asks so in a header, as documented', async () => {
    const oss = await startOss();

    const request = batch('<Delete><Object><Key>&#1;</Key></Object></Delete>');
    const { text } = await oss.call({ ...request, headers: { 'encoding-type': 'url' } });

    expect(text).toContain('<Key>%01</Key>');
    expect(text).toContain('<EncodingType>url</EncodingType>');
  });

  it.each([
    ['<Delete></Delete>', 'MalformedXML'],
    ['<Delete><Object><Key>a', 'MalformedXML'],
    ['nonsense', 'MalformedXML'],
    ['<!DOCTYPE Delete [<!ENTITY k "a">]><Delete><Object><Key>&k;</Key></Object></Delete>', 'MalformedXML'],
    [`<Delete>${'<Object><Key>a</Key></Object>'.repeat(1001)}</Delete>`, 'MalformedXML'],
    ['<Delete><Object><Key>a</Key><VersionId>7</VersionId></Object></Delete>', 'InvalidArgument'],
    ['<Delete><Object><Key></Key></Object></Delete>', 'InvalidObjectName'],
  ])('batch deletes are refused and delete nothing: %#', async (body, code) => {
    const oss = await startOss();
    await oss.call(put());

    const answer = await oss.call(batch(body));

    expect([answer.statusCode, answer.code]).toEqual([400, code]);
    expect((await oss.call({ ...object, method: 'HEAD' })).statusCode).toBe(200);
  });

  it('batch deletes take a Content-MD5 that has more bytes behind its sixteen', async () => {
    const oss = await startOss();
    await oss.call(put());
    const request = batch('<Delete><Object><Key>a.txt</Key></Object></Delete>');
    const digest = createHash('md5')
      .update(request.body ?? '')
      .digest();
    const longer = Buffer.concat([digest, Buffer.from([0, 45, 111, 115])]).toString('base64');

    const answer = await oss.call({ ...request, headers: { 'content-md5': longer } });

    expect(answer.statusCode).toBe(200);
    expect((await oss.call({ ...object, method: 'HEAD' })).statusCode).toBe(404);
  });

  it('batch deletes without a Content-MD5 are refused and delete nothing', async () => {
    const oss = await startOss();
    await oss.call(put());
    const { body, ...unsigned } = batch('<Delete><Object><Key>a.txt</Key></Object></Delete>');

    const answer = await send(oss.port, { ...signV4(unsigned), body: Buffer.from(String(body)) });

    expect([answer.statusCode, answer.code]).toEqual([400, 'MissingArgument']);
    expect(answer.headers['x-oss-ec']).toBe('0016-00000606');
    expect((await oss.call({ ...object, method: 'HEAD' })).statusCode).toBe(200);
  });
});
