import { readBody } from './body.ts';
import { notImplemented } from './errors.ts';
import { maxKeys, owner } from './list-operations.ts';
import { listPage } from './listing.ts';
import type { OperationContext } from './operation.ts';
import { type Reply, xmlReply } from './reply.ts';
import type { XmlElements } from './xml.ts';

export function listBuckets({ request, store, region, accountId }: OperationContext): Reply {
  const { query } = request;
  const prefix = query.get('prefix') ?? '';
  const page = listPage(store.bucketNames(), {
    prefix,
    delimiter: '',
    after: query.get('marker') ?? '',
    maxKeys: maxKeys(query),
  });
  const buckets = page.keys.map((name) => describe(name, store.bucket(name).createdMs, region));
  return xmlReply({
    ListAllMyBucketsResult: {
      Prefix: prefix,
      IsTruncated: page.next !== undefined,
      NextMarker: page.next,
      Owner: owner(accountId),
      Buckets: { Bucket: buckets },
    },
  });
}

/** Assumed: a bucket that exists already is the caller's own, and is answered like a new one. */
export async function putBucket({ request, store }: OperationContext): Promise<Reply> {
  const configuration = (await readBody(request, 4096)).toString();
  for (const [, name, value] of configuration.matchAll(/<(StorageClass|DataRedundancyType)>([^<]*)</g))
    if (value !== 'Standard' && value !== 'LRS') throw notImplemented(`PutBucket with ${name} ${value}`);
  store.createBucket(request.bucket);
  return { statusCode: 200, headers: { location: `/${request.bucket}` } };
}

export function deleteBucket({ request, store }: OperationContext): Reply {
  store.deleteBucket(request.bucket);
  return { statusCode: 204 };
}

export function getBucketInfo({ request, store, region, accountId }: OperationContext): Reply {
  const bucket = store.bucket(request.bucket);
  return xmlReply({
    BucketInfo: {
      Bucket: {
        ...describe(bucket.name, bucket.createdMs, region),
        DataRedundancyType: 'LRS',
        AccessControlList: { Grant: 'private' },
        Owner: owner(accountId),
      },
    },
  });
}

export function getBucketLocation({ request, store, region }: OperationContext): Reply {
  store.bucket(request.bucket);
  return xmlReply({ LocationConstraint: `oss-${region}` });
}

function describe(name: string, createdMs: number, region: string): XmlElements {
  return {
    CreationDate: new Date(createdMs).toISOString(),
    ExtranetEndpoint: `oss-${region}.aliyuncs.com`,
    IntranetEndpoint: `oss-${region}-internal.aliyuncs.com`,
    Location: `oss-${region}`,
    Name: name,
    Region: region,
    StorageClass: 'Standard',
  };
}
