import { describe, expect, it } from 'vitest';
import { hostileKeys } from '../../../fixtures/hostile-keys.ts';
import { startOss } from '../running-oss.ts';
import { element, elements, initiate, object, uploadPart } from './multipart-upload.ts';

describe('ListParts', () => {
  it('ListParts walks the parts page by page', async () => {
    const oss = await startOss();
    const uploadId = await initiate(oss);
    for (const number of [3, 1, 20]) {
      await uploadPart(oss, uploadId, number, `part ${number}`);
    }
    const list = (query: Record<string, string>) =>
      oss.call({ ...object, method: 'GET', query: { uploadId, 'encoding-type': 'url', ...query } });

    const first = await list({ 'max-parts': '2' });
    const behind = await list({ 'part-number-marker': '20' });
    const marker = element(first.text, 'NextPartNumberMarker');
    const second = await list({ 'max-parts': '2', 'part-number-marker': marker });

    expect(elements(first.text, 'PartNumber')).toEqual(['1', '3']);
    expect(behind.text).toMatch(/<NextPartNumberMarker(\/>|><\/NextPartNumberMarker>)/);
    expect([element(first.text, 'IsTruncated'), marker]).toEqual(['true', '3']);
    expect(elements(second.text, 'PartNumber')).toEqual(['20']);
    expect([element(second.text, 'IsTruncated'), element(second.text, 'NextPartNumberMarker')]).toEqual([
      'false',
      '20',
    ]);
    expect(element(second.text, 'Size')).toBe('7');
    expect(element(second.text, 'HashCrc64ecma')).toMatch(/^\d+$/);
  });
});

describe('a multipart upload of a client that encrypts', () => {
  it('a multipart upload of a client that encrypts tells in its list of parts how it is encrypted', async () => {
    const oss = await startOss();
    const headers = {
      'x-oss-meta-client-side-encryption-key': 'a2V5',
      'x-oss-meta-client-side-encryption-start': 'aXY',
      'x-oss-meta-client-side-encryption-wrap-alg': 'RSA',
      'x-oss-meta-client-side-encryption-part-size': '102400',
      'x-oss-meta-client-side-encryption-data-size': '204800',
    };

    const query = { uploadId: await initiate(oss, { headers }) };
    const { text } = await oss.call({ ...object, method: 'GET', query });

    const names = ['Key', 'Start', 'WrapAlg', 'PartSize', 'DataSize'];
    const shown = names.map((name) => element(text, `ClientEncryption${name}`));
    expect(shown).toEqual(['a2V5', 'aXY', 'RSA', '102400', '204800']);
    expect(text).not.toContain('ClientEncryptionCekAlg');
  });
});

describe('ListMultipartUploads', () => {
  it('ListMultipartUploads walks hostile keys page by page', async () => {
    const oss = await startOss();
    for (const key of hostileKeys) {
      await initiate(oss, { key });
    }
    const listed: string[] = [];

    let markers: Record<string, string> = {};
    for (let isTruncated = true; isTruncated; ) {
      const query = { uploads: '', 'max-uploads': '3', 'encoding-type': 'url', ...markers };
      const { text } = await oss.call({ method: 'GET', bucket: 'photos', query });
      listed.push(...elements(text, 'Key').map((key) => decodeURIComponent(key ?? '')));
      isTruncated = element(text, 'IsTruncated') === 'true';
      markers = {
        'key-marker': decodeURIComponent(element(text, 'NextKeyMarker')),
        'upload-id-marker': element(text, 'NextUploadIdMarker'),
      };
    }

    expect(listed).toEqual(hostileKeys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });

  it('ListMultipartUploads groups by delimiter, and tells uploads of one key and of buckets apart', async () => {
    const oss = await startOss({ buckets: ['others', 'photos'] });
    await initiate(oss, { bucket: 'others', key: 'b' });
    for (const key of ['a/1', 'a/2', 'b', 'b', 'c/1']) {
      await initiate(oss, { key });
    }
    const list = async (query: Record<string, string>) => {
      const { text } = await oss.call({ method: 'GET', bucket: 'photos', query: { uploads: '', ...query } });
      return { keys: elements(text, 'Key'), text };
    };

    const grouped = await list({ delimiter: '/' });
    const first = await list({ delimiter: '/', 'max-uploads': '2' });
    const rest = await list({
      delimiter: '/',
      'key-marker': element(first.text, 'NextKeyMarker'),
      'upload-id-marker': element(first.text, 'NextUploadIdMarker'),
    });

    const behindKey = await list({ 'key-marker': 'b' });

    expect(behindKey.keys).toEqual(['c/1']);
    expect([grouped.keys, element(grouped.text, 'IsTruncated')]).toEqual([['b', 'b'], 'false']);
    expect(elements(grouped.text, 'Prefix')).toEqual(['', 'a/', 'c/']);
    expect([first.keys, rest.keys]).toEqual([['b'], ['b']]);
    expect(elements(rest.text, 'Prefix')).toEqual(['', 'c/']);
  });
});
