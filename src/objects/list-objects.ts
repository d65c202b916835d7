import { fieldsOf, textOf } from '../json.ts';
import type { Call } from '../oss/call.ts';
import { unexpectedAnswer } from '../oss/errors.ts';
import { unquote } from '../oss/operations.ts';
import { listOf, readXmlRoot } from '../xml.ts';

/** A page of 1,000 keys of 1,023 percent-encoded bytes stays under 4 MiB. */
const maxAnswerBytes = 8 * 1024 * 1024;

interface ListArguments {
  bucket: string;
  prefix?: string | undefined;
  startAfter?: string | undefined;
  continuationToken?: string | undefined;
  /** 1 to 1,000; OSS's default is 100. */
  maxKeys?: number | undefined;
}

/** One page of a listing; `nextContinuationToken` is present when there is another. */
type ListingPage = ReturnType<typeof readPage>;

/** One page of a bucket's objects (OSS help: "ListObjectsV2"). */
export async function listObjectsV2(call: Call, args: ListArguments): Promise<ListingPage> {
  const { bucket, prefix, startAfter, continuationToken, maxKeys } = args;
  const optional = { prefix, 'start-after': startAfter, 'continuation-token': continuationToken };
  const query: Record<string, string> = { 'list-type': '2', 'encoding-type': 'url' };
  for (const [name, value] of Object.entries({ ...optional, 'max-keys': maxKeys })) {
    if (value) {
      query[name] = String(value);
    }
  }
  const response = await call({ bucket, query, operation: 'ListObjectsV2', method: 'GET', maxAnswerBytes });
  try {
    return readPage(readXmlRoot(response.body.toString(), 'ListBucketResult'));
  } catch (cause) {
    throw unexpectedAnswer(response, 'instead of a ListBucketResult document', cause);
  }
}

/** All of a bucket's objects, a page of a thousand at a time. */
export async function* listPages(
  call: Call,
  { startAfter, ...place }: Pick<ListArguments, 'bucket' | 'prefix' | 'startAfter'>,
) {
  let page: ListingPage | undefined;
  do {
    const start = page === undefined ? { startAfter } : { continuationToken: page.nextContinuationToken };
    page = await listObjectsV2(call, { ...place, ...start, maxKeys: 1_000 });
    yield page.objects;
  } while (page.nextContinuationToken !== undefined);
}

/** Throws SyntaxError or URIError on what is no listing. */
function readPage(root: unknown) {
  const { Contents, EncodingType } = fieldsOf(root);
  // `+` stays literal: OSS escapes a space as %20, and only the Go SDK reads `+` as one.
  const decode = EncodingType === 'url' ? decodeURIComponent : (text: string) => text;
  // Whoever takes a page for the last one takes what follows for absent, and `orphans` deletes by that.
  const isLast = requiredText(root, 'IsTruncated') !== 'true';
  const token = isLast ? undefined : requiredText(root, 'NextContinuationToken');
  return {
    objects: listOf(Contents).map((element) => {
      const text = (name: string) => requiredText(element, name);
      const { StorageClass, RestoreInfo, Type } = fieldsOf(element);
      return {
        key: decode(text('Key')),
        sizeBytes: Number(text('Size')),
        /** Without quotes, as in events. */
        eTag: unquote(text('ETag')),
        lastModified: new Date(text('LastModified')),
        /** `Standard`, `IA`, `Archive`, `ColdArchive` or `DeepColdArchive`. */
        storageClass: textOf(StorageClass),
        /** Says whether an object of an archive class is restored, like `x-oss-restore`. */
        restore: textOf(RestoreInfo),
        /** `Normal`, `Multipart`, `Appendable` or `Symlink`. */
        type: textOf(Type),
      };
    }),
    nextContinuationToken: token ? decode(token) : undefined,
  };
}

function requiredText(element: unknown, name: string): string {
  const text = textOf(fieldsOf(element)[name]);
  if (text === undefined) {
    throw new SyntaxError(`an element has no ${name}`);
  }
  return text;
}
