import type { Call } from '../oss/call.ts';
import { type OperationResult, resultOf, unexpectedAnswer, unquote } from '../oss/operations.ts';
import { childText, parseXml, type XmlElement } from '../oss/xml.ts';

interface ListArguments {
  bucket: string;
  prefix?: string | undefined;
  delimiter?: string | undefined;
  startAfter?: string | undefined;
  continuationToken?: string | undefined;
  /** 1 to 1,000; OSS's default is 100. */
  maxKeys?: number | undefined;
}

export interface ListedObject {
  key: string;
  sizeBytes: number;
  /** Without quotes, as in events. */
  eTag: string;
  lastModified: Date;
  /** `Standard`, `IA`, `Archive`, `ColdArchive` or `DeepColdArchive`. */
  storageClass: string | undefined;
  /** `Normal`, `Multipart`, `Appendable` or `Symlink`. */
  type: string | undefined;
}

/** One page of a listing; `nextContinuationToken` is present when there is another. */
interface ListingPage extends OperationResult {
  objects: ListedObject[];
  /** Common prefixes, when a delimiter was given. */
  prefixes: string[];
  nextContinuationToken: string | undefined;
}

/** One page of a bucket's objects (OSS help: "ListObjectsV2"). */
export async function listObjectsV2(call: Call, args: ListArguments): Promise<ListingPage> {
  const { bucket, prefix, delimiter, startAfter, continuationToken, maxKeys } = args;
  const optional = { prefix, delimiter, 'start-after': startAfter, 'continuation-token': continuationToken };
  const query: Record<string, string> = { 'list-type': '2', 'encoding-type': 'url' };
  for (const [name, value] of Object.entries({ ...optional, 'max-keys': maxKeys })) {
    if (value) {
      query[name] = String(value);
    }
  }
  const response = await call({ bucket, query, operation: 'ListObjectsV2', method: 'GET' });
  try {
    return { ...readPage(parseXml(response.body.toString())), ...resultOf(response) };
  } catch (cause) {
    throw unexpectedAnswer(response, 'instead of a ListBucketResult document', cause);
  }
}

/** Throws SyntaxError or URIError on any other document than a listing. */
function readPage(root: XmlElement): Omit<ListingPage, keyof OperationResult> {
  if (root.name !== 'ListBucketResult') {
    throw new SyntaxError(`expected ListBucketResult, received ${root.name}`);
  }
  // `+` stays literal: OSS escapes a space as %20, and only the Go SDK reads `+` as one.
  const decode = childText(root, 'EncodingType') === 'url' ? decodeURIComponent : (text: string) => text;
  const token = childText(root, 'NextContinuationToken');
  return {
    objects: childrenNamed(root, 'Contents').map((element) => ({
      key: decode(requiredText(element, 'Key')),
      sizeBytes: Number(requiredText(element, 'Size')),
      eTag: unquote(requiredText(element, 'ETag')),
      lastModified: new Date(requiredText(element, 'LastModified')),
      storageClass: childText(element, 'StorageClass'),
      type: childText(element, 'Type'),
    })),
    prefixes: childrenNamed(root, 'CommonPrefixes').map((element) => decode(requiredText(element, 'Prefix'))),
    nextContinuationToken: childText(root, 'IsTruncated') === 'true' && token ? decode(token) : undefined,
  };
}

/** A list of one is a list. */
function childrenNamed(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

function requiredText(element: XmlElement, name: string): string {
  const text = childText(element, name);
  if (text === undefined) {
    throw new SyntaxError(`${element.name} has no ${name}`);
  }
  return text;
}
