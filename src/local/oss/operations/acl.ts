import { badRequest } from '../http/errors.ts';
import { checkNewBucketName } from '../http/names.ts';
import { readAcl } from '../http/object-headers.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import { newBucketSettings } from '../store/bucket-settings.ts';
import { owner } from './list.ts';
import type { Operation, Service } from './operation.ts';

/** Answers the ACL of a bucket (documented: OSS help "GetBucketAcl"). */
export const getBucketAcl: Operation = ({ store }, { bucket }) => aclReply(store.bucket(bucket).settings.acl);

/** A bucket that is missing is made (live tests of ali-oss). */
export const putBucketAcl: Operation = (service, { bucket, headers }) => {
  const acl = readAcl(headers, 'x-oss-acl') ?? 'private';
  service.store.createBucket(checkNewBucketName(bucket), newBucketSettings(service.now()));
  return setBucketAcl(service, bucket, acl);
};

/** Sets the ACL of a bucket, if one was sent along, and answers where the bucket is. */
export function setBucketAcl(service: Service, bucket: string, acl: string | undefined): Reply {
  warnOfPublic(service, bucket, acl);
  if (acl !== undefined) {
    service.store.changeSettings(bucket, { acl });
  }
  return { statusCode: 200, headers: { location: `/${bucket}` } };
}

/** Sets the ACL of an object; `default` leaves it to the bucket (documented: OSS help "PutObjectACL"). */
export const putObjectAcl: Operation = async (service, { bucket, key, headers }) => {
  const acl = readAcl(headers, 'x-oss-object-acl');
  if (acl === undefined) {
    // The page of this EC, and for the code a live test of aliyun-oss-c-sdk; the words are assumed.
    throw badRequest('MissingArgument', 'x-oss-object-acl is missing.', { ec: '0017-00000105' });
  }
  warnOfPublic(service, bucket, acl);
  await service.store.changeProperties(bucket, key, { acl });
  return { statusCode: 200 };
};

/** Answers an object's ACL, `default` where it has none of its own (documented: OSS help "GetObjectACL"). */
export const getObjectAcl: Operation = ({ store }, { bucket, key }) =>
  aclReply(store.meta(bucket, key).acl ?? 'default');

function aclReply(grant: string): Reply {
  return xmlReply({
    AccessControlPolicy: { Owner: owner, AccessControlList: { Grant: grant } },
  });
}

/** Documented: OSS help "ACL": an object's own, else its bucket's, says what an unsigned request may do. */
export function isPublic({ store }: Service, { bucket, key }: OssRequest, access?: 'read' | 'write') {
  if (access === undefined) {
    return false;
  }
  const { objects, settings } = store.bucket(bucket);
  const own = objects.get(key)?.acl ?? 'default';
  const acl = own === 'default' ? settings.acl : own;
  return acl === 'public-read-write' || (acl === 'public-read' && access === 'read');
}

/** Warns where OSS would refuse, which since October 2025 blocks public access in new buckets. */
export function warnOfPublic({ log }: Service, bucket: string, acl: string | undefined): void {
  if (acl?.startsWith('public')) {
    log.warn('OSS refuses public ACLs until Block Public Access is switched off', { bucket, acl });
  }
}
