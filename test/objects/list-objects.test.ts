import { describe, expect, it } from 'vitest';
import { answer, mockOss, rejection } from '../oss/mock-oss.ts';

function page(inner: string, isTruncated = '<IsTruncated>false</IsTruncated>'): string {
  return `<?xml version="1.0"?><ListBucketResult xmlns="x">${isTruncated}${inner}</ListBucketResult>`;
}

function contents(key: string): string {
  return `<Contents><Key>${key}</Key><LastModified>2023-12-16T16:20:57.000Z</LastModified><ETag>"AB"</ETag><Type>Normal</Type><Size>12</Size></Contents>`;
}

describe('a listing', () => {
  it('a listing asks for a page by prefix and number, and tells where the next one begins', async () => {
    const mock = mockOss();
    const sent = answer(
      mock,
      200,
      '<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>Cg--</NextContinuationToken></ListBucketResult>',
    );

    const result = await mock.client.listObjectsV2({
      bucket: 'photos',
      prefix: 'a b',
      maxKeys: 5,
    });

    expect(result).toMatchObject({ objects: [], nextContinuationToken: 'Cg--' });
    expect(sent[0]?.path).toBe('/photos/?encoding-type=url&list-type=2&max-keys=5&prefix=a%20b');
  });

  it('a listing says by itself what there is, although a proxy took its request id', async () => {
    const mock = mockOss();
    answer(mock, 200, page(contents('a.jpg')), { 'x-oss-request-id': '' });

    const result = await mock.client.listObjectsV2({ bucket: 'photos' });

    expect(result).toMatchObject({ objects: [{ key: 'a.jpg' }] });
  });

  it('a listing of a single object is read as a list of one', async () => {
    const mock = mockOss();
    answer(mock, 200, page(contents('a.jpg')));

    const result = await mock.client.listObjectsV2({ bucket: 'photos' });

    expect(result).toMatchObject({
      objects: [{ key: 'a.jpg', sizeBytes: 12, eTag: 'AB', lastModified: new Date('2023-12-16T16:20:57Z') }],
      nextContinuationToken: undefined,
    });
  });

  it('a listing decodes the keys and the token of a page, where a literal + stays one', async () => {
    const mock = mockOss();
    const next = '<IsTruncated>true</IsTruncated><NextContinuationToken>Cg%3D%3D</NextContinuationToken>';
    const inner = `<EncodingType>url</EncodingType>${contents('a+b%20%2B%E4%B8%AD.jpg')}`;
    answer(mock, 200, page(inner, next));

    const { objects, nextContinuationToken } = await mock.client.listObjectsV2({ bucket: 'photos' });

    expect(objects[0]?.key).toBe('a+b +中.jpg');
    expect(nextContinuationToken).toBe('Cg==');
  });

  it('the keys of a listing are left alone when the page says nothing of escaping', async () => {
    const mock = mockOss();
    answer(mock, 200, page(contents('a%20&amp;b')));

    const { objects } = await mock.client.listObjectsV2({ bucket: 'photos' });

    expect(objects[0]?.key).toBe('a%20&b');
  });

  it('a listing is continued after a key or a token', async () => {
    const mock = mockOss();
    const sent = answer(mock, 200, page(''));

    await mock.client.listObjectsV2({ bucket: 'photos', startAfter: 'a', continuationToken: 'Cg==' });

    expect(sent[0]?.path).toBe(
      '/photos/?continuation-token=Cg%3D%3D&encoding-type=url&list-type=2&start-after=a',
    );
  });

  it.each([
    ['another document', '<Error/>', 'expected ListBucketResult, received Error'],
    ['no document', '<html>', "Unclosed tag 'html'.:1:1"],
    ['an object without a key', page('<Contents/>'), 'an element has no Key'],
    ['not said to be the last', page('', ''), 'an element has no IsTruncated'],
    [
      'followed by others, nobody knows where',
      page('', '<IsTruncated>true</IsTruncated>'),
      'an element has no NextContinuationToken',
    ],
  ])('a page of a listing is refused that is %s', async (_what, body, reason) => {
    const mock = mockOss();
    answer(mock, 200, body, { 'content-type': 'text/html' });

    const error = await rejection(mock.client.listObjectsV2({ bucket: 'photos' }));

    expect(String(error)).toContain(
      `ListObjectsV2 oss://photos failed: UnexpectedAnswer: 200 with ${body.length} bytes of text/html`,
    );
    expect(error).toMatchObject({ cause: { message: reason } });
  });
});
