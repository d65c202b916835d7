import { expect, it } from 'vitest';
import { listingSource } from '../../src/backfill/listing.ts';
import type { Position } from '../../src/backfill/source.ts';
import type { Call } from '../../src/oss/call.ts';

/** A call that lists each prefix in two pages of two keys; writes down what it was asked for. */
function createListing() {
  const queries: unknown[] = [];
  const call: Call = async ({ operation, bucket, query = {} }) => {
    queries.push(query);
    const isFirst = query['continuation-token'] === undefined;
    const keys = (isFirst ? ['1', '2'] : ['3', '4']).map((name) => `${query.prefix}${name}`);
    const contents = keys.map(
      (key) =>
        `<Contents><Key>${key}</Key><LastModified>2026-01-31T18:00:00.000Z</LastModified><ETag>"AB"</ETag>` +
        '<Size>7</Size><StorageClass>ColdArchive</StorageClass>' +
        '<RestoreInfo>ongoing-request="true"</RestoreInfo><Type>Symlink</Type></Contents>',
    );
    const next = isFirst ? '<NextContinuationToken>t</NextContinuationToken>' : '';
    const truncated = `<IsTruncated>${isFirst}</IsTruncated>`;
    const body = `<ListBucketResult>${truncated}${next}${contents.join('')}</ListBucketResult>`;
    const context = { operation, bucket, attempts: 1 };
    return { statusCode: 200, headers: {}, body: Buffer.from(body), context };
  };
  const places = ['a/', 'b/'].map((prefix) => ({ bucket: 'photos', prefix }));
  const read = async (behind?: Position) => {
    const entries = [];
    for await (const entry of listingSource(places, call).read(behind)) {
      entries.push(entry);
    }
    return entries;
  };
  return { queries, read };
}

it('a listing asks for a thousand keys a page, and tells all that OSS says of an object', async () => {
  const { queries, read } = createListing();

  const entries = await read();

  expect(entries.map(({ object }) => object.key)).toEqual([
    'a/1',
    'a/2',
    'a/3',
    'a/4',
    'b/1',
    'b/2',
    'b/3',
    'b/4',
  ]);
  expect(entries[0]).toEqual({
    object: {
      bucket: 'photos',
      key: 'a/1',
      sizeBytes: 7,
      eTag: 'AB',
      modifiedAt: '2026-01-31T18:00:00.000Z',
      storageClass: 'ColdArchive',
      restore: 'ongoing-request="true"',
      eventName: 'ObjectCreated:PutSymlink',
    },
    position: { part: 0, after: 'a/1' },
  });
  expect(queries).toHaveLength(4);
  expect(queries).toEqual(Array(4).fill(expect.objectContaining({ 'max-keys': '1000' })));
});

it('a listing goes on behind a position, in its prefix and in those after it', async () => {
  const { queries, read } = createListing();

  await read({ part: 1, after: 'b/2' });

  expect(queries[0]).toMatchObject({ prefix: 'b/', 'start-after': 'b/2' });
  expect(queries[1]).not.toHaveProperty('start-after');
});

it('a listing of other prefixes has another fingerprint, so that no position is mixed up', () => {
  const fingerprints = [['a/', 'b/'], ['a/'], ['a/', 'b/']].map(
    (prefixes) =>
      listingSource(
        prefixes.map((prefix) => ({ bucket: 'photos', prefix })),
        () => Promise.reject(),
      ).fingerprint,
  );

  expect(fingerprints[0]).toMatch(/^[0-9a-f]{12}$/);
  expect(fingerprints[1]).not.toBe(fingerprints[0]);
  expect(fingerprints[2]).toBe(fingerprints[0]);
});
