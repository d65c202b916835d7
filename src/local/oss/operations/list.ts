import { encodeComponent } from '../../../oss/encode.ts';
import { accountId } from '../auth/access-keys.ts';
import { badRequest } from '../http/errors.ts';
import { decodeUtf8 } from '../http/names.ts';
import { quotedETag, xmlDate } from '../http/object-headers.ts';
import { type XmlElements, xmlReply } from '../http/reply.ts';
import type { OssRequest, Query } from '../http/request.ts';
import { listPage } from '../store/listing.ts';
import type { Operation, Service } from './operation.ts';

/** Reads a parameter as a whole number from 1 to `most`; missing or empty, it is `byDefault`. */
export function wholeNumber(query: Query, name: string, most: number, byDefault?: number): number {
  const text = query.get(name) || String(byDefault ?? '');
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= most) {
    return Number(text);
  }
  throw badRequest('InvalidArgument', `Argument ${name} must be 1 to ${most}, not ${text}.`);
}

/** The Owner element of a document: the account. */
export const owner: XmlElements = { ID: accountId, DisplayName: accountId };

/** `encoding-type=url`: encodes as `%20` and `%2B`, since decoders differ on `+`; with its element. */
export function encoderOf(query: Query) {
  const EncodingType = query.get('encoding-type') || undefined;
  if (EncodingType !== undefined && EncodingType !== 'url') {
    throw badRequest('InvalidArgument', `Argument encoding-type must be url, not ${EncodingType}.`);
  }
  return { EncodingType, encode: (text: string) => (EncodingType === 'url' ? encodeComponent(text) : text) };
}

/** Documented: OSS help "ListObjects (V1)": 100 keys by default. */
export const listObjects: Operation = (service, request) => {
  const marker = request.query.get('marker') ?? '';
  const { document, entries, next, encode } = list(service, request, marker);
  return xmlReply({
    ListBucketResult: {
      ...document,
      Marker: encode(marker),
      NextMarker: next && encode(next),
      Contents: entries.map((entry) => ({ ...entry, Owner: owner })),
    },
  });
};

/** Documented: OSS help "ListObjectsV2 (GetBucketV2)". Assumed: a token is the Base64 of the last entry. */
export const listObjectsV2: Operation = (service, request) => {
  const { query } = request;
  if (query.get('list-type') !== '2') {
    throw badRequest('InvalidArgument', 'Argument list-type must be 2.');
  }
  const token = query.get('continuation-token') || undefined;
  const startAfter = query.get('start-after') ?? '';
  const after = token === undefined ? startAfter : decodeToken(token);
  const { document, entries, next, encode } = list(service, request, after);
  const Owner = query.get('fetch-owner') === 'true' ? owner : undefined;
  return xmlReply({
    ListBucketResult: {
      ...document,
      StartAfter: encode(startAfter),
      KeyCount: entries.length + document.CommonPrefixes.length,
      ContinuationToken: token,
      NextContinuationToken: next && Buffer.from(next).toString('base64url'),
      Contents: entries.map((entry) => ({ ...entry, Owner })),
    },
  });
};

/** Without versioning each object is its only version, `null` (documented: OSS help "Versioning"). */
export const listObjectVersions: Operation = (service, request) => {
  const marker = request.query.get('key-marker') ?? '';
  const { document, entries, next, encode } = list(service, request, marker);
  const version = { VersionId: 'null', IsLatest: true, Owner: owner };
  return xmlReply({
    ListVersionsResult: {
      ...document,
      KeyMarker: encode(marker),
      VersionIdMarker: request.query.get('version-id-marker') ?? '',
      NextKeyMarker: next && encode(next),
      NextVersionIdMarker: next && 'null',
      Version: entries.map((entry) => ({ ...entry, ...version })),
    },
  });
};

/** One page of a bucket's objects after a key, and the elements that all lists have in common. */
function list({ store }: Service, { bucket, query }: OssRequest, after: string) {
  const { encode, EncodingType } = encoderOf(query);
  const maxKeys = wholeNumber(query, 'max-keys', 1000, 100);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const { keys, prefixes, next } = listPage(store.bucket(bucket).keys, { prefix, delimiter, after, maxKeys });
  const entries = keys.map((key) => {
    const meta = store.meta(bucket, key);
    return {
      Key: encode(key),
      LastModified: xmlDate(meta.lastModifiedMs),
      ETag: quotedETag(meta),
      Type: meta.type ?? 'Normal',
      Size: meta.sizeBytes,
      StorageClass: meta.storageClass ?? 'Standard',
    };
  });
  const document = {
    Name: bucket,
    Prefix: encode(prefix),
    MaxKeys: maxKeys,
    Delimiter: encode(delimiter),
    EncodingType,
    IsTruncated: next !== undefined,
    CommonPrefixes: prefixes.map((common) => ({ Prefix: encode(common) })),
  };
  return { document, entries, next, encode };
}

function decodeToken(token: string): string {
  const after = decodeUtf8(Buffer.from(token, 'base64url'));
  if (after !== undefined && Buffer.from(after).toString('base64url') === token) {
    return after;
  }
  throw badRequest('InvalidArgument', 'The continuation token is not one that was given out.');
}
