/* The value of the ETag, and what a sequential upload does, are asserted by live tests of official SDKs. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type RunningOss, startOss, temporaryDir } from '../running-oss.ts';
import { element, object } from '../text-object.ts';

const kb100 = Buffer.alloc(100 * 1024, 'x');

async function initiate(oss: RunningOss, query: Record<string, string> = {}): Promise<string> {
  const { text } = await oss.call({ ...object, method: 'POST', query: { uploads: '', ...query } });
  return element(text, 'UploadId') ?? '';
}

const upload = (oss: RunningOss, uploadId: string, partNumber: string, body: Buffer | string) =>
  oss.call({ ...object, method: 'PUT', query: { partNumber, uploadId }, body });

const complete = (oss: RunningOss, uploadId: string) =>
  oss.call({ ...object, method: 'POST', query: { uploadId }, headers: { 'x-oss-complete-all': 'yes' } });

const md5 = (data: Buffer | string) => createHash('md5').update(data);

describe('the ETag of a multipart object', () => {
  it('the ETag of a multipart object is the MD5 of the ETags of its parts as text', async () => {
    const oss = await startOss();
    const uploadId = await initiate(oss);
    const parts = [kb100, 'end'];
    for (const [index, part] of parts.entries()) {
      await upload(oss, uploadId, String(index + 1), part);
    }

    const { headers } = await complete(oss, uploadId);

    const eTags = parts.map((part) => md5(part).digest('hex').toUpperCase()).join('');
    expect(headers.etag).toBe(`"${md5(eTags).digest('hex').toUpperCase()}-2"`);
  });
});

describe('a sequential upload', () => {
  it('a sequential upload has the MD5 of its whole, after a restart too', async () => {
    const dataDir = await temporaryDir();
    const oss = await startOss({ dataDir });
    const uploadId = await initiate(oss, { sequential: '' });
    await upload(oss, uploadId, '1', kb100);
    const later = await startOss({ dataDir });
    await upload(later, uploadId, '2', 'end');

    await complete(later, uploadId);

    const { headers } = await (await startOss({ dataDir })).call({ ...object, method: 'GET' });
    expect(headers.etag).toMatch(/-2"$/);
    expect(headers['content-md5']).toBe(md5(Buffer.concat([kb100, Buffer.from('end')])).digest('base64'));
  });

  it('a sequential upload takes its parts in their order only', async () => {
    const oss = await startOss();
    const uploadId = await initiate(oss, { sequential: '' });

    const early = await upload(oss, uploadId, '2', 'b');
    const first = await upload(oss, uploadId, '1', 'a');
    const again = await upload(oss, uploadId, '1', 'a');

    expect([early.statusCode, early.code]).toEqual([400, 'PartNotSequential']);
    expect(first.statusCode).toBe(200);
    expect(again.code).toBe('PartNotSequential');
  });

  it('a sequential upload takes copied parts in their order only', async () => {
    const oss = await startOss();
    await oss.call({ ...object, key: 'source', method: 'PUT', body: 'hello' });
    const uploadId = await initiate(oss, { sequential: '' });
    const headers = { 'x-oss-copy-source': '/photos/source' };

    const query = { partNumber: '3', uploadId };
    const { code } = await oss.call({ ...object, method: 'PUT', query, headers });

    expect(code).toBe('PartNotSequential');
  });
});
