import { badRequest } from '../http/errors.ts';
import { decodeUtf8 } from '../http/names.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import type { XmlElements } from '../http/xml.ts';
import { listPage } from '../store/listing.ts';
import type { OperationContext } from './operation.ts';

type Query = ReadonlyMap<string, string>;

/** A parameter that bounds a page: 1,000 at most, and `byDefault` without it. */
export function limitOf(query: Query, name: string, byDefault: number): number {
  const text = query.get(name) || String(byDefault);
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 1000) {
    return Number(text);
  }
  throw badRequest('InvalidArgument', `Argument ${name} must be 1 to 1000, not ${text}.`);
}

/** As the Owner element names the account. */
export function owner(accountId: string): XmlElements {
  return { ID: accountId, DisplayName: accountId };
}

export type Encode = (text: string) => string;

/** `encoding-type=url`: escapes as `%20` and `%2B`, since decoders differ on `+`. */
export function encoder(query: Query): Encode {
  const encoding = query.get('encoding-type') || undefined;
  if (encoding === undefined) {
    return (text) => text;
  }
  if (encoding === 'url') {
    return encodeURIComponent;
  }
  throw badRequest('InvalidArgument', `Argument encoding-type must be url, not ${encoding}.`);
}

/** Documented: OSS help "ListObjects (V1)": 100 keys by default. */
export function listObjects(context: OperationContext): Reply {
  const marker = context.request.query.get('marker') ?? '';
  return list(context, {
    after: marker,
    withOwner: true,
    describe: ({ next }, encode) => ({
      Marker: encode(marker),
      NextMarker: next === undefined ? undefined : encode(next),
    }),
  });
}

/** Documented: OSS help "ListObjectsV2 (GetBucketV2)"; that a token is the Base64 of the last entry is assumed. */
export function listObjectsV2(context: OperationContext): Reply {
  const { query } = context.request;
  if (query.get('list-type') !== '2') {
    throw badRequest('InvalidArgument', 'Argument list-type must be 2.');
  }
  const token = query.get('continuation-token') || undefined;
  const startAfter = query.get('start-after') ?? '';
  return list(context, {
    after: token === undefined ? startAfter : decodeToken(token),
    withOwner: query.get('fetch-owner') === 'true',
    describe: ({ next, keyCount }, encode) => ({
      StartAfter: encode(startAfter),
      KeyCount: keyCount,
      ContinuationToken: token,
      NextContinuationToken: next === undefined ? undefined : Buffer.from(next).toString('base64url'),
    }),
  });
}

/** Of a bucket without versioning, as all are here: each object is its only version, `null` (documented: OSS help "Versioning"). */
export function listObjectVersions(context: OperationContext): Reply {
  const marker = context.request.query.get('key-marker') ?? '';
  return list(context, {
    after: marker,
    withOwner: true,
    names: ['ListVersionsResult', 'Version'],
    version: { VersionId: 'null', IsLatest: true },
    describe: ({ next }, encode) => ({
      KeyMarker: encode(marker),
      VersionIdMarker: context.request.query.get('version-id-marker') ?? '',
      NextKeyMarker: next === undefined ? undefined : encode(next),
      NextVersionIdMarker: next === undefined ? undefined : 'null',
    }),
  });
}

interface Listing {
  readonly after: string;
  readonly withOwner: boolean;
  /** Of the document and of an entry. */
  readonly names?: readonly [string, string];
  readonly version?: XmlElements;
  readonly describe: (page: { next: string | undefined; keyCount: number }, encode: Encode) => XmlElements;
}

function list({ request, store, accountId }: OperationContext, listing: Listing): Reply {
  const { query, bucket } = request;
  const [rootName, entryName] = listing.names ?? ['ListBucketResult', 'Contents'];
  const encode = encoder(query);
  const maxKeys = limitOf(query, 'max-keys', 100);
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
  const page = listPage(store.bucket(bucket).keys, { prefix, delimiter, after: listing.after, maxKeys });
  const entries = page.keys.map((key) => {
    const meta = store.meta(bucket, key);
    return {
      Key: encode(key),
      ...listing.version,
      LastModified: new Date(meta.lastModifiedMs).toISOString(),
      ETag: `"${meta.eTag}"`,
      Type: meta.type ?? 'Normal',
      Size: meta.sizeBytes,
      StorageClass: meta.storageClass ?? 'Standard',
      Owner: listing.withOwner ? owner(accountId) : undefined,
    };
  });
  return xmlReply({
    [rootName]: {
      Name: bucket,
      Prefix: encode(prefix),
      MaxKeys: maxKeys,
      Delimiter: encode(delimiter),
      EncodingType: query.get('encoding-type') || undefined,
      IsTruncated: page.next !== undefined,
      ...listing.describe({ next: page.next, keyCount: page.keys.length + page.prefixes.length }, encode),
      [entryName]: entries,
      CommonPrefixes: page.prefixes.map((common) => ({ Prefix: encode(common) })),
    },
  });
}

function decodeToken(token: string): string {
  const after = decodeUtf8(Buffer.from(token, 'base64url'));
  if (after !== undefined && Buffer.from(after).toString('base64url') === token) {
    return after;
  }
  throw badRequest('InvalidArgument', 'The continuation token is not one that was given out.');
}
