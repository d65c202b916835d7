import { textOf } from '../../../json.ts';
import { readBody, readXml } from '../http/body.ts';
import { badRequest, conflict } from '../http/errors.ts';
import { checkNewBucketName } from '../http/names.ts';
import { checkStorageClass, readAcl, storageClasses, xmlDate } from '../http/object-headers.ts';
import { xmlReply } from '../http/reply.ts';
import { newBucketSettings } from '../store/bucket-settings.ts';
import { listPage } from '../store/listing.ts';
import { setBucketAcl } from './acl.ts';
import { owner, wholeNumber } from './list.ts';
import type { Operation, Service } from './operation.ts';

/** Documented: OSS help "ListBuckets (GetService)": 100 buckets by default, 1,000 at most. */
export const listBuckets: Operation = (service, { query }) => {
  const prefix = query.get('prefix') ?? '';
  const marker = query.get('marker') ?? '';
  const maxKeys = wholeNumber(query, 'max-keys', 1000, 100);
  if (!/^[a-z0-9-]*$/.test(prefix)) {
    // A live test of aliyun-oss-go-sdk expects a refusal; the code is assumed.
    throw badRequest('InvalidArgument', `No bucket name begins with ${prefix}.`);
  }
  const bucketNames = service.store.bucketNames();
  const { keys, next } = listPage(bucketNames, { prefix, delimiter: '', after: marker, maxKeys });
  return xmlReply({
    ListAllMyBucketsResult: {
      Prefix: prefix,
      ...(next !== undefined && { Marker: marker, MaxKeys: maxKeys, NextMarker: next }),
      IsTruncated: next !== undefined,
      Owner: owner,
      Buckets: { Bucket: keys.map((name) => describeBucket(service, name)) },
    },
  });
};

/**
 * An existing bucket is the caller's own and answered like a new one (assumed); an ACL in the request is set.
 * Its storage class and redundancy cannot change (documented: OSS help "409 errors").
 */
export const putBucket: Operation = async (service, request) => {
  const { store, now, region } = service;
  const { bucket, headers } = request;
  const body = await readBody(request, 4096);
  const configuration = body.length === 0 ? {} : readXml(body, 'CreateBucketConfiguration');
  const redundancy = textOf(configuration.DataRedundancyType);
  const className = textOf(configuration.StorageClass) ?? headers.get('x-oss-storage-class');
  const storageClass = checkStorageClass(className);
  if (!['LRS', 'ZRS', undefined].includes(redundancy)) {
    throw badRequest('InvalidArgument', `The redundancy type is not valid: ${redundancy}`);
  }
  const location = textOf(configuration.LocationConstraint) || `oss-${region}`;
  if (location !== `oss-${region}`) {
    // Live tests of aliyun-oss-java-sdk.
    throw badRequest('InvalidLocationConstraint', 'The specified location-constraint is not valid.');
  }
  const acl = readAcl(headers, 'x-oss-acl');
  store.createBucket(checkNewBucketName(bucket), newBucketSettings(now(), storageClass, redundancy));
  const { settings } = store.bucket(bucket);
  if ((storageClass ?? settings.storageClass) !== settings.storageClass) {
    throw conflict('BucketAlreadyExists', "Cannot modify existing bucket's storage class.");
  }
  if ((redundancy ?? settings.redundancy) !== settings.redundancy) {
    throw conflict('BucketAlreadyExists', "Bucket already exists CAN'T modify data redundancy type.");
  }
  return setBucketAcl(service, bucket, acl);
};

/** Documented: OSS help "DeleteBucket": the bucket must contain neither objects nor parts. */
export const deleteBucket: Operation = ({ store, uploads }, { bucket }) => {
  if (uploads.list(bucket).length > 0) {
    throw conflict('BucketNotEmpty', 'The bucket has Multipart Uploads. Please abort them first.');
  }
  if (store.bucket(bucket).objects.size > 0) {
    throw conflict('BucketNotEmpty', 'The bucket has objects. Please delete them first.');
  }
  store.removeBucket(bucket);
  return { statusCode: 204 };
};

/** Documented: OSS help "GetBucketInfo". Features that do not exist here are reported as switched off. */
export const getBucketInfo: Operation = (service, { bucket }) => {
  const { acl, blocksPublic = true, redundancy } = service.store.bucket(bucket).settings;
  return xmlReply({
    BucketInfo: {
      Bucket: {
        ...describeBucket(service, bucket),
        AccessMonitor: 'Disabled',
        BlockPublicAccess: blocksPublic,
        Comment: '',
        CrossRegionReplication: 'Disabled',
        DataRedundancyType: redundancy,
        ResourceGroupId: 'rg-local',
        TransferAcceleration: 'Disabled',
        AccessControlList: { Grant: acl },
        Owner: owner,
        ServerSideEncryptionRule: { SSEAlgorithm: 'None' },
      },
    },
  });
};

/** The endpoints include this server's scheme, so that clients stay here (without one SDKs use https). */
function describeBucket({ store, region, endpoint }: Service, name: string) {
  const { createdMs, storageClass } = store.bucket(name).settings;
  return {
    CreationDate: xmlDate(createdMs),
    ExtranetEndpoint: endpoint,
    IntranetEndpoint: endpoint,
    Location: `oss-${region}`,
    Name: name,
    Region: region,
    StorageClass: storageClass,
  };
}

/** Its only information is in a header (live test of aliyun-oss-java-sdk). */
export const headBucket: Operation = ({ region }) => {
  return { statusCode: 200, headers: { 'x-oss-bucket-region': `oss-${region}` } };
};

/** Returns the region, which all buckets here share (documented: OSS help "GetBucketLocation"). */
export const getBucketLocation: Operation = ({ region }) => xmlReply({ LocationConstraint: `oss-${region}` });

/** Documented: OSS help "GetBucketStat"; here the figures are always current. */
export const getBucketStat: Operation = ({ store, uploads, now }, { bucket }) => {
  const objects = [...store.bucket(bucket).objects.values()];
  const sizeOf = (metas: typeof objects) => metas.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const perClass = storageClasses.flatMap((storageClass) => {
    const name = storageClass === 'IA' ? 'InfrequentAccess' : storageClass;
    const members = objects.filter((meta) => (meta.storageClass ?? 'Standard') === storageClass);
    const sizeBytes = sizeOf(members);
    return [
      [`${name}Storage`, sizeBytes],
      ...(name === 'Standard' ? [] : [[`${name}RealStorage`, sizeBytes]]),
      [`${name}ObjectCount`, members.length],
    ];
  });
  return xmlReply({
    BucketStat: {
      Storage: sizeOf(objects),
      ObjectCount: objects.length,
      MultipartUploadCount: uploads.list(bucket).length,
      LiveChannelCount: 0,
      LastModifiedTime: objects.length === 0 ? 0 : Math.floor(now() / 1000),
      ...Object.fromEntries(perClass),
      DeleteMarkerCount: 0,
    },
  });
};
