import type { Call, OperationResponse } from '../../src/oss/call.ts';
import { OssServiceError } from '../../src/oss/errors.ts';

/** Objects of some buckets: `bucket/key`, and when each was modified, in epoch ms. */
export type FakeBuckets = Map<string, number>;

/** Stands in for OSS where only names matter: it lists, tells and deletes, in as little time as it can. */
export function createFakeBucketCall(store: FakeBuckets): Call {
  return async ({ operation, bucket, key = '', query = {} }) => {
    const context = { operation, bucket, key, attempts: 1 };
    const name = `${bucket}/${key}`;
    const answer = (headers: Record<string, string>, body = ''): OperationResponse => {
      const all = { 'x-oss-request-id': 'F', date: new Date().toUTCString(), ...headers };
      return { statusCode: 200, headers: all, body: Buffer.from(body), context };
    };
    switch (operation) {
      case 'ListObjectsV2':
        return answer({}, listing(store, bucket, query));
      case 'HeadObject': {
        const modified = store.get(name);
        if (modified === undefined) {
          const body = Buffer.from('<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>');
          throw new OssServiceError(context, { statusCode: 404, headers: {}, body });
        }
        return answer({ 'last-modified': new Date(modified).toUTCString() });
      }
      case 'DeleteObject':
        store.delete(name);
        return answer({});
      default:
        throw new Error(`unexpected ${operation}`);
    }
  };
}

const pageSize = 3;

function listing(store: FakeBuckets, bucket: string, query: object): string {
  const {
    prefix = '',
    'start-after': start = '',
    'continuation-token': token = start,
  } = Object.fromEntries(Object.entries(query));
  const keys = [...store.keys()]
    .filter((name) => name.startsWith(`${bucket}/${prefix}`))
    .map((name) => name.slice(bucket.length + 1))
    .filter((key) => key > token)
    .sort();
  const contents = keys.slice(0, pageSize).map((key) => {
    const time = new Date(store.get(`${bucket}/${key}`) ?? 0).toISOString();
    return `<Contents><Key>${encodeURIComponent(key)}</Key><LastModified>${time}</LastModified><ETag>"A"</ETag><Size>9</Size></Contents>`;
  });
  const next =
    keys.length > pageSize
      ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${encodeURIComponent(keys[pageSize - 1] ?? '')}</NextContinuationToken>`
      : '<IsTruncated>false</IsTruncated>';
  return `<ListBucketResult><EncodingType>url</EncodingType>${next}${contents.join('')}</ListBucketResult>`;
}
