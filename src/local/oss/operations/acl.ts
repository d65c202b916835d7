import { textOf } from '../../../json.ts';
import { readBody, readXml } from '../http/body.ts';
import { badRequest, forbidden } from '../http/errors.ts';
import { checkNewBucketName } from '../http/names.ts';
import { readAcl } from '../http/object-headers.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import { newBucketSettings } from '../store/bucket-settings.ts';
import { owner } from './list.ts';
import type { Operation, Service } from './operation.ts';

/** Returns the ACL of a bucket (documented: OSS help "GetBucketAcl"). */
export const getBucketAcl: Operation = ({ store }, { bucket }) => aclReply(store.bucket(bucket).settings.acl);

/** Creates the bucket if it is missing (live tests of ali-oss). */
export const putBucketAcl: Operation = (service, { bucket, headers }) => {
  const acl = readAcl(headers, 'x-oss-acl') ?? 'private';
  service.store.createBucket(checkNewBucketName(bucket), newBucketSettings(service.now()));
  return setBucketAcl(service, bucket, acl);
};

/** Sets the ACL of a bucket, if one was sent, and answers with the bucket's location. */
export function setBucketAcl(service: Service, bucket: string, acl: string | undefined): Reply {
  checkAcl(service, bucket, acl);
  if (acl !== undefined) {
    service.store.changeSettings(bucket, { acl });
  }
  return { statusCode: 200, headers: { location: `/${bucket}` } };
}

/** Sets the ACL of an object; `default` leaves it to the bucket (documented: OSS help "PutObjectACL"). */
export const putObjectAcl: Operation = async (service, { bucket, key, headers }) => {
  const acl = readAcl(headers, 'x-oss-object-acl');
  if (acl === undefined) {
    // From the page of this EC; the code is that of a live test of aliyun-oss-c-sdk, the message is assumed.
    throw badRequest('MissingArgument', 'x-oss-object-acl is missing.', { ec: '0017-00000105' });
  }
  checkAcl(service, bucket, acl);
  await service.store.changeProperties(bucket, key, { acl });
  return { statusCode: 200 };
};

/** Returns an object's ACL, `default` if it has none of its own (documented: OSS help "GetObjectACL"). */
export const getObjectAcl: Operation = ({ store }, { bucket, key }) =>
  aclReply(store.meta(bucket, key).acl ?? 'default');

function aclReply(grant: string): Reply {
  return xmlReply({
    AccessControlPolicy: { Owner: owner, AccessControlList: { Grant: grant } },
  });
}

/**
 * Documented: OSS help "Block Public Access": existing public access is ignored, and none can be added. Since
 * October 2025 it is on in buckets created by the API. Many programs and most SDKs' tests are older. So a
 * bucket for which nobody has set it reports it as on, but accepts public ACLs with a warning in the log.
 */
export const putPublicAccessBlock: Operation = async ({ store }, request) => {
  const { BlockPublicAccess } = readXml(await readBody(request, 4096), 'PublicAccessBlockConfiguration');
  store.changeSettings(request.bucket, { blocksPublic: textOf(BlockPublicAccess)?.trim() === 'true' });
  return { statusCode: 200 };
};

/** Returns whether public access is blocked; it is by default. */
export const getPublicAccessBlock: Operation = ({ store }, { bucket }) => {
  const { blocksPublic = true } = store.bucket(bucket).settings;
  return xmlReply({ PublicAccessBlockConfiguration: { BlockPublicAccess: blocksPublic } });
};

/** Allows public access, whether or not it was blocked. */
export const deletePublicAccessBlock: Operation = ({ store }, { bucket }) => {
  store.changeSettings(bucket, { blocksPublic: false });
  return { statusCode: 204 };
};

/** Documented: OSS help "ACL": the object's own ACL, or else its bucket's, decides on unsigned requests. */
export function isPublic({ store }: Service, { bucket, key }: OssRequest, access?: 'read' | 'write') {
  if (access === undefined) {
    return false;
  }
  const { objects, settings } = store.bucket(bucket);
  const own = objects.get(key)?.acl ?? 'default';
  const acl = own === 'default' ? settings.acl : own;
  const isAllowed = acl === 'public-read-write' || (acl === 'public-read' && access === 'read');
  return isAllowed && settings.blocksPublic !== true;
}

/** Throws if a public ACL is blocked, and warns if OSS would block it. Code and message are assumed. */
export function checkAcl({ store, log }: Service, bucket: string, acl: string | undefined): void {
  const { blocksPublic } = store.bucket(bucket).settings;
  if (acl?.startsWith('public') !== true || blocksPublic === false) {
    return;
  }
  if (blocksPublic === true) {
    throw forbidden('AccessDenied', 'Put public acl is not allowed: Block Public Access is on.');
  }
  const message = 'OSS refuses public ACLs in a new bucket until Block Public Access is switched off';
  log.warn(message, { bucket, acl });
}
