import { unquote } from './processing.ts';
import { childrenNamed, childText, parseXml, type XmlElement } from './xml.ts';

export interface ListedObject {
  key: string;
  sizeBytes: number;
  /** Without quotes, as in events. */
  eTag: string;
  lastModified: Date;
}

/** One page of a listing; `nextContinuationToken` is present when there is another. */
export interface Listing {
  objects: ListedObject[];
  /** Common prefixes, when a delimiter was given. */
  prefixes: string[];
  nextContinuationToken: string | undefined;
}

/** Reads a `ListBucketResult` (OSS help: "ListObjectsV2"). Throws SyntaxError or URIError on any other document. */
export function readListing(source: string): Listing {
  const root = parseXml(source);
  if (root.name !== 'ListBucketResult') {
    throw new SyntaxError(`expected ListBucketResult, received ${root.name}`);
  }
  // `+` stays literal: OSS escapes a space as %20, and only the Go SDK reads `+` as one.
  const decode = childText(root, 'EncodingType') === 'url' ? decodeURIComponent : (text: string) => text;
  const token = childText(root, 'NextContinuationToken');
  return {
    objects: childrenNamed(root, 'Contents').map((element) => readObject(element, decode)),
    prefixes: childrenNamed(root, 'CommonPrefixes').map((element) => decode(required(element, 'Prefix'))),
    nextContinuationToken: childText(root, 'IsTruncated') === 'true' && token ? decode(token) : undefined,
  };
}

function readObject(element: XmlElement, decode: (text: string) => string): ListedObject {
  return {
    key: decode(required(element, 'Key')),
    sizeBytes: Number(required(element, 'Size')),
    eTag: unquote(required(element, 'ETag')),
    lastModified: new Date(required(element, 'LastModified')),
  };
}

function required(element: XmlElement, name: string): string {
  const text = childText(element, name);
  if (text === undefined) {
    throw new SyntaxError(`${element.name} has no ${name}`);
  }
  return text;
}
