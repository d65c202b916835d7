import { describe, expect, it } from 'vitest';
import { answer, mockOss, source } from '../oss/mock-oss.ts';

describe('the content of an object', () => {
  it('getObject reads an object, or a processed view of it', async () => {
    const mock = mockOss();
    const sent = answer(mock, 200, Buffer.from([0, 255]), { 'content-type': 'image/webp' });

    const result = await mock.client.getObject({ ...source, process: 'image/format,webp' });

    expect(result).toMatchObject({ body: Buffer.from([0, 255]), sizeBytes: 2, contentType: 'image/webp' });
    expect(sent[0]?.path).toBe('/photos/a%20b.jpg?x-oss-process=image%2Fformat%2Cwebp');
  });

  it('putObject writes an object with its MD5, type and metadata', async () => {
    const mock = mockOss();
    const sent = answer(mock, 200, '', { etag: '"900150983CD24FB0D6963F7D28E17F72"' });

    const headers = { 'content-type': 'text/plain', 'x-oss-meta-a': '1' };
    const result = await mock.client.putObject({ ...source, body: 'abc', headers });

    expect(result).toMatchObject({ eTag: '900150983CD24FB0D6963F7D28E17F72' });
    expect(sent[0]).toMatchObject({ method: 'PUT', path: '/photos/a%20b.jpg', body: 'abc' });
    expect(sent[0]?.headers).toMatchObject({
      'content-md5': 'kAFQmDzST7DWlj99KOF/cg==',
      'content-type': 'text/plain',
      'x-oss-meta-a': '1',
    });
  });
});
