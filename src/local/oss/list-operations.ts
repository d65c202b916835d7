import { badRequest } from './errors.ts';
import { listPage } from './listing.ts';
import { decodeUtf8 } from './names.ts';
import type { OperationContext } from './operation.ts';
import { type Reply, xmlReply } from './reply.ts';
import type { XmlElements } from './xml.ts';

type Query = ReadonlyMap<string, string>;

/** Documented: OSS help "ListObjects (V1)": 100 by default, 1,000 at most. */
export function maxKeys(query: Query): number {
  const text = query.get('max-keys') ?? '100';
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= 1000) return count;
  throw badRequest('InvalidArgument', `Argument max-keys must be 1 to 1000, not ${text}.`);
}

/** As the Owner element names the account. */
export function owner(accountId: string): XmlElements {
  return { ID: accountId, DisplayName: accountId };
}

/** Documented: OSS help "ListObjects (V1)". */
export function listObjects(context: OperationContext): Reply {
  const marker = context.request.query.get('marker') ?? '';
  return list(context, marker, true, ({ next }, encode) => ({
    Marker: encode(marker),
    NextMarker: next === undefined ? undefined : encode(next),
  }));
}

/** Documented: OSS help "ListObjectsV2 (GetBucketV2)"; that a token is the Base64 of the last entry is assumed. */
export function listObjectsV2(context: OperationContext): Reply {
  const { query } = context.request;
  if (query.get('list-type') !== '2') throw badRequest('InvalidArgument', 'Argument list-type must be 2.');
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after') ?? '';
  const after = token === undefined ? startAfter : decodeToken(token);
  return list(context, after, query.get('fetch-owner') === 'true', ({ next, keyCount }, encode) => ({
    StartAfter: encode(startAfter),
    KeyCount: keyCount,
    ContinuationToken: token,
    NextContinuationToken: next === undefined ? undefined : Buffer.from(next).toString('base64url'),
  }));
}

type Encode = (text: string) => string;

function list(
  { request, store, accountId }: OperationContext,
  after: string,
  withOwner: boolean,
  describe: (page: { next: string | undefined; keyCount: number }, encode: Encode) => XmlElements,
): Reply {
  const { query, bucket } = request;
  const encode = encoder(query);
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
  const page = listPage(store.bucket(bucket).keys, { prefix, delimiter, after, maxKeys: maxKeys(query) });
  const contents = page.keys.map((key) => {
    const { eTag, lastModifiedMs, sizeBytes } = store.meta(bucket, key);
    return {
      Key: encode(key),
      LastModified: new Date(lastModifiedMs).toISOString(),
      ETag: `"${eTag}"`,
      Type: 'Normal',
      Size: sizeBytes,
      StorageClass: 'Standard',
      Owner: withOwner ? owner(accountId) : undefined,
    };
  });
  return xmlReply({
    ListBucketResult: {
      Name: bucket,
      Prefix: encode(prefix),
      MaxKeys: maxKeys(query),
      Delimiter: encode(delimiter),
      EncodingType: query.get('encoding-type'),
      IsTruncated: page.next !== undefined,
      ...describe({ next: page.next, keyCount: page.keys.length + page.prefixes.length }, encode),
      Contents: contents,
      CommonPrefixes: page.prefixes.map((common) => ({ Prefix: encode(common) })),
    },
  });
}

/** Escapes as `%20` and `%2B`, since decoders differ on `+`. */
function encoder(query: Query): Encode {
  const encoding = query.get('encoding-type');
  if (encoding === undefined) return (text) => text;
  if (encoding === 'url') return encodeURIComponent;
  throw badRequest('InvalidArgument', `Argument encoding-type must be url, not ${encoding}.`);
}

function decodeToken(token: string): string {
  const after = decodeUtf8(Buffer.from(token, 'base64url'));
  if (after !== undefined && Buffer.from(after).toString('base64url') === token) return after;
  throw badRequest('InvalidArgument', 'The continuation token is not one that was given out.');
}
