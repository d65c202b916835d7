import { describe, expect, it } from 'vitest';
import { readListing } from '../../src/oss/listing.ts';

const contents = (key: string) =>
  `<Contents><Key>${key}</Key><LastModified>2023-12-16T16:20:57.000Z</LastModified><ETag>"AB"</ETag><Type>Normal</Type><Size>12</Size></Contents>`;
const page = (inner: string) =>
  `<?xml version="1.0"?><ListBucketResult xmlns="x">${inner}</ListBucketResult>`;

describe('a listing', () => {
  it('has a list of one object', () => {
    const listing = readListing(page(contents('a.jpg')));

    expect(listing).toEqual({
      objects: [{ key: 'a.jpg', sizeBytes: 12, eTag: 'AB', lastModified: new Date('2023-12-16T16:20:57Z') }],
      prefixes: [],
      nextContinuationToken: undefined,
    });
  });

  it('decodes escaped keys, prefixes and token, a literal + staying one', () => {
    const inner = `<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>Cg%3D%3D</NextContinuationToken>${contents('a+b%20%2B%E4%B8%AD.jpg')}<CommonPrefixes><Prefix>x%2F</Prefix></CommonPrefixes>`;

    const listing = readListing(page(inner));

    expect(listing.objects[0]?.key).toBe('a+b +中.jpg');
    expect(listing.prefixes).toEqual(['x/']);
    expect(listing.nextContinuationToken).toBe('Cg==');
  });

  it('leaves keys alone when the answer says nothing of escaping', () => {
    expect(readListing(page(contents('a%20&amp;b'))).objects[0]?.key).toBe('a%20&b');
  });

  it('refuses another document and an object without its key', () => {
    expect(() => readListing('<Error/>')).toThrow('expected ListBucketResult, received Error');
    expect(() => readListing(page('<Contents/>'))).toThrow('Contents has no Key');
  });
});
