import { readBody } from '../http/body.ts';
import { notImplemented, OssError } from '../http/errors.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import type { XmlElements } from '../http/xml.ts';
import { listPage } from '../store/listing.ts';
import { limitOf, owner } from './list-objects.ts';
import type { OperationContext } from './operation.ts';

export function listBuckets(context: OperationContext): Reply {
  const { request, store, accountId } = context;
  const { query } = request;
  const [prefix, marker] = [query.get('prefix') ?? '', query.get('marker') ?? ''];
  const maxKeys = limitOf(query, 'max-keys', 100);
  const page = listPage(store.bucketNames(), { prefix, delimiter: '', after: marker, maxKeys });
  const rest = page.next !== undefined && { Marker: marker, MaxKeys: maxKeys, NextMarker: page.next };
  return xmlReply({
    ListAllMyBucketsResult: {
      Prefix: prefix,
      IsTruncated: page.next !== undefined,
      ...rest,
      Owner: owner(accountId),
      Buckets: { Bucket: page.keys.map((name) => describe(name, context)) },
    },
  });
}

/** Assumed: a bucket that exists already is the caller's own, and is answered like a new one; an ACL sent along is set. */
export async function putBucket({ request, store }: OperationContext): Promise<Reply> {
  const { bucket, headers } = request;
  const configuration = (await readBody(request, 4096)).toString();
  for (const [, name, value] of configuration.matchAll(/<(StorageClass|DataRedundancyType)>([^<]*)</g)) {
    if (!/^(Standard|IA|LRS)$/.test(value ?? '')) {
      throw notImplemented(`PutBucket with ${name} ${value}`);
    }
  }
  const isNew = !store.bucketNames().includes(bucket);
  store.createBucket(bucket);
  const [, named] = /<StorageClass>([^<]*)</.exec(configuration) ?? [];
  const storageClass = named ?? headers.get('x-oss-storage-class');
  const acl = headers.get('x-oss-acl');
  if (isNew && storageClass !== undefined) {
    store.changeSettings(bucket, { storageClass });
  }
  if (acl !== undefined) {
    store.changeSettings(bucket, { acl });
  }
  return { statusCode: 200, headers: { location: `/${bucket}` } };
}

/** Documented: OSS help "DeleteBucket": neither objects nor parts may be left. */
export function deleteBucket({ request, store, uploads }: OperationContext): Reply {
  store.bucket(request.bucket);
  if (uploads.list(request.bucket).length > 0) {
    const message =
      'The bucket you tried to delete has multipart uploads that are neither complete nor aborted.';
    throw new OssError({ statusCode: 409, code: 'BucketNotEmpty', message });
  }
  store.deleteBucket(request.bucket);
  return { statusCode: 204 };
}

/** Documented: OSS help "GetBucketInfo"; what a bucket here cannot have is answered as switched off. */
export function getBucketInfo(context: OperationContext): Reply {
  const { request, store, accountId } = context;
  const { name, settings } = store.bucket(request.bucket);
  return xmlReply({
    BucketInfo: {
      Bucket: {
        ...describe(name, context),
        AccessMonitor: 'Disabled',
        BlockPublicAccess: false,
        CrossRegionReplication: 'Disabled',
        DataRedundancyType: 'LRS',
        ResourceGroupId: 'rg-local',
        TransferAcceleration: 'Disabled',
        AccessControlList: { Grant: settings.acl },
        Owner: owner(accountId),
        ServerSideEncryptionRule: { SSEAlgorithm: 'None' },
      },
    },
  });
}

export function getBucketLocation({ request, store, region }: OperationContext): Reply {
  store.bucket(request.bucket);
  return xmlReply({ LocationConstraint: `oss-${region}` });
}

/** Documented: OSS help "GetBucketStat"; here it is of this moment. */
export function getBucketStat({ request, store, uploads, now }: OperationContext): Reply {
  const objects = [...store.bucket(request.bucket).objects.values()];
  const [standard, infrequent] = ['Standard', 'IA'].map((storageClass) => {
    const ofClass = objects.filter((meta) => (meta.storageClass ?? 'Standard') === storageClass);
    return { count: ofClass.length, bytes: ofClass.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
  });
  const archives = ['Archive', 'ColdArchive', 'DeepColdArchive'].flatMap((name) => [
    [`${name}Storage`, 0],
    [`${name}RealStorage`, 0],
    [`${name}ObjectCount`, 0],
  ]);
  return xmlReply({
    BucketStat: {
      Storage: (standard?.bytes ?? 0) + (infrequent?.bytes ?? 0),
      ObjectCount: objects.length,
      MultipartUploadCount: uploads.list(request.bucket).length,
      LiveChannelCount: 0,
      LastModifiedTime: objects.length === 0 ? 0 : Math.floor(now() / 1000),
      StandardStorage: standard?.bytes ?? 0,
      StandardObjectCount: standard?.count ?? 0,
      InfrequentAccessStorage: infrequent?.bytes ?? 0,
      InfrequentAccessRealStorage: infrequent?.bytes ?? 0,
      InfrequentAccessObjectCount: infrequent?.count ?? 0,
      ...Object.fromEntries(archives),
      DeleteMarkerCount: 0,
    },
  });
}

/** The endpoints are this server's, with its scheme: a client that follows them stays here (SDKs take https otherwise). */
function describe(name: string, { store, region, endpoint }: OperationContext): XmlElements {
  const { createdMs, settings } = store.bucket(name);
  return {
    CreationDate: new Date(createdMs).toISOString(),
    ExtranetEndpoint: endpoint,
    IntranetEndpoint: endpoint,
    Location: `oss-${region}`,
    Name: name,
    Region: region,
    StorageClass: settings.storageClass,
  };
}
