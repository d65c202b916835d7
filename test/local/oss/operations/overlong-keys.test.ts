/* Keys such as scanners upload: `.` and `/` in the overlong UTF-8 that OSS takes (live test of ossutil, TestRmSpecialCharacterKey). */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type RunningOss, startOss, temporaryDir } from '../running-oss.ts';
import { element } from '../text-object.ts';
import { send } from '../v4-client.ts';

const key = Buffer.from('c0aec0ae2fc0aec0ae2f6574632fe69687', 'hex');
const escaped = '%C0%AE%C0%AE/%C0%AE%C0%AE/etc/%E6%96%87';

const put = (oss: RunningOss, name: Buffer | string, body: string) =>
  oss.call({ method: 'PUT', bucket: 'photos', key: name, body });
const get = (oss: RunningOss, name: Buffer | string) =>
  oss.call({ method: 'GET', bucket: 'photos', key: name });
const list = (oss: RunningOss, query: Record<string, string> = {}) =>
  oss.call({ method: 'GET', bucket: 'photos', query: { 'encoding-type': 'url', ...query } });

describe('a key in overlong UTF-8', () => {
  it('a key in overlong UTF-8 is stored under its bytes, and found again after a restart', async () => {
    const dataDir = await temporaryDir();
    const first = await startOss({ dataDir });
    expect((await put(first, key, 'overlong')).statusCode).toBe(200);
    await first.close();

    expect((await get(await startOss({ dataDir }), key)).text).toBe('overlong');
  });

  it('a key in overlong UTF-8 is another one than the shortest form, and than the other overlong one', async () => {
    const oss = await startOss();
    const names = [
      'a.',
      Buffer.from('61c0ae', 'hex'),
      Buffer.from('61c1ae', 'hex'),
      Buffer.from('61c0af', 'hex'),
    ];
    for (const name of names) {
      await put(oss, name, name.toString('hex'));
    }

    const bodies = await Promise.all(names.map(async (name) => (await get(oss, name)).text));

    expect(bodies).toEqual(names.map((name) => name.toString('hex')));
    const keys = [...(await list(oss)).text.matchAll(/<Key>(.*?)</g)].map(([, name]) => name);
    expect(keys).toEqual(['a.', 'a%C0%AE', 'a%C0%AF', 'a%C1%AE']);
  });

  it.each(['1', '2'])(
    'a key in overlong UTF-8 is listed by its bytes, page after page, and deleted: ListObjects %s',
    async (version) => {
      const oss = await startOss();
      for (const name of ['a', key, 'é']) {
        await put(oss, name, 'x');
      }
      const kind: Record<string, string> = version === '2' ? { 'list-type': '2' } : {};

      const first = await list(oss, { ...kind, 'max-keys': '2' });
      const next = element(first.text, version === '2' ? 'NextContinuationToken' : 'NextMarker') ?? '';
      const place = version === '2' ? { 'continuation-token': next } : { marker: 'a' };
      const second = await list(oss, { ...kind, ...place, 'max-keys': '1' });

      expect(first.text).toContain(`<Key>${escaped.replaceAll('/', '%2F')}</Key>`);
      expect(second.text).toContain(
        version === '2' ? '<Key>%C3%A9<' : `<Key>${escaped.replaceAll('/', '%2F')}<`,
      );
      expect((await oss.call({ method: 'DELETE', bucket: 'photos', key })).statusCode).toBe(204);
      expect(oss.store.bucket('photos').keys).toEqual(['a', 'é']);
    },
  );

  it('a key in overlong UTF-8 may be signed by V1', async () => {
    const oss = await startOss();
    await put(oss, key, 'overlong');
    const date = new Date().toUTCString();
    const resource = Buffer.concat([Buffer.from('/photos/'), key]);
    const text = Buffer.concat([Buffer.from(`GET\n\n\n${date}\n`), resource]);
    const signature = createHmac('sha1', 'local-secret').update(text).digest('base64');

    const headers = { date, authorization: `OSS local:${signature}` };
    const path = `/photos/${escaped}`;
    const response = await send(oss.port, { method: 'GET', path, headers, body: Buffer.alloc(0) });

    expect([response.statusCode, response.text]).toEqual([200, 'overlong']);
  });

  it.each(['c0', 'c041', 'aec0', 'd6d0', 'eda080', 'f8808080'])(
    'a key in overlong UTF-8 is refused where it is no UTF-8 of any length: %s',
    async (bytes) => {
      const oss = await startOss();

      const { statusCode, code } = await put(oss, Buffer.from(bytes, 'hex'), 'x');

      expect([statusCode, code]).toEqual([400, 'InvalidArgument']);
    },
  );
});
