import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { element, object, put } from '../text-object.ts';

describe('encryption by OSS', () => {
  it.each([
    { 'x-oss-server-side-encryption': 'AES256' },
    { 'x-oss-server-side-encryption': 'KMS', 'x-oss-server-side-encryption-key-id': '9468da86' },
  ])(
    'encryption by OSS is shown of an object that asked for it, though nothing is encrypted here: %j',
    async (encryption) => {
      const oss = await startOss();

      const stored = await put(oss, encryption);
      const begun = await oss.call({
        ...object,
        method: 'POST',
        query: { uploads: '' },
        headers: encryption,
      });
      const { headers } = await oss.call({ ...object, method: 'HEAD' });
      const upload = (partNumber: string, more = {}) =>
        oss.call({
          ...object,
          method: 'PUT',
          query: { partNumber, uploadId: element(begun.text, 'UploadId') ?? '' },
          headers: more,
        });
      const part = await upload('1');
      const copied = await upload('2', { 'x-oss-copy-source': '/photos/a.txt' });

      for (const shown of [stored.headers, begun.headers, headers, part.headers, copied.headers]) {
        expect(shown).toMatchObject(encryption);
      }
    },
  );

  it('encryption by KMS without a key is by a key of OSS, which is named', async () => {
    const { headers } = await put(await startOss(), { 'x-oss-server-side-encryption': 'KMS' });

    expect(headers['x-oss-server-side-encryption-key-id']).toBe('local');
  });

  it('encryption by an algorithm that OSS has not is refused', async () => {
    const response = await put(await startOss(), { 'x-oss-server-side-encryption': 'DES' });

    expect([response.statusCode, response.code]).toEqual([400, 'InvalidEncryptionAlgorithmError']);
  });
});
