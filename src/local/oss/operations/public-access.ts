import { textOf } from '../../../json.ts';
import { readBody, readXml } from '../http/body.ts';
import { forbidden } from '../http/errors.ts';
import { xmlReply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import type { Operation, Service } from './operation.ts';

/*
 * Documented: OSS help "Block Public Access": what is public already counts for nothing, and nothing more can be made
 * public. Since October 2025 it is on in a bucket that the API makes. Many programs, and the suites of most SDKs, are from
 * before; so a bucket that was only made says that it is on and takes public ACLs all the same, with a warning in the log.
 */

export const putPublicAccessBlock: Operation = async ({ store }, request) => {
  const { BlockPublicAccess } = readXml(await readBody(request, 4096), 'PublicAccessBlockConfiguration');
  store.changeSettings(request.bucket, { blocksPublic: textOf(BlockPublicAccess)?.trim() === 'true' });
  return { statusCode: 200 };
};

export const getPublicAccessBlock: Operation = ({ store }, { bucket }) => {
  const { blocksPublic = true } = store.bucket(bucket).settings;
  return xmlReply({ PublicAccessBlockConfiguration: { BlockPublicAccess: blocksPublic } });
};

export const deletePublicAccessBlock: Operation = ({ store }, { bucket }) => {
  store.changeSettings(bucket, { blocksPublic: false });
  return { statusCode: 204 };
};

/** Documented: OSS help "ACL": an object's own ACL, else its bucket's, says what a request without signature may do. */
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

/** Throws where a public ACL is blocked, and warns where OSS would block it; code and words are assumed. */
export function checkAcl({ store, log }: Service, bucket: string, acl: string | undefined): void {
  const { blocksPublic } = store.bucket(bucket).settings;
  if (acl?.startsWith('public') !== true || blocksPublic === false) {
    return;
  }
  if (blocksPublic === true) {
    throw forbidden('AccessDenied', 'Put public acl is not allowed: Block Public Access is on.');
  }
  log.warn('OSS refuses public ACLs in a new bucket until Block Public Access is switched off', {
    bucket,
    acl,
  });
}
