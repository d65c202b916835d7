import { textOf } from '../../../json.ts';
import { readBody } from '../http/body.ts';
import { forbidden } from '../http/errors.ts';
import { xmlReply } from '../http/reply.ts';
import { readXml } from '../http/xml.ts';
import type { BucketSettings } from '../store/bucket-settings.ts';
import type { Operation } from './operation.ts';

/*
 * Documented: OSS help "Block Public Access": what is public already counts for nothing, and nothing more can be made
 * public. Since October 2025 it is on in a bucket that the API makes.
 */

export const putPublicAccessBlock: Operation = async ({ store }, request) => {
  const { BlockPublicAccess } = readXml(await readBody(request, 4096), 'PublicAccessBlockConfiguration');
  store.changeSettings(request.bucket, { blocksPublic: textOf(BlockPublicAccess)?.trim() === 'true' });
  return { statusCode: 200 };
};

export const getPublicAccessBlock: Operation = ({ store }, { bucket }) => {
  const { blocksPublic } = store.bucket(bucket).settings;
  return xmlReply({ PublicAccessBlockConfiguration: { BlockPublicAccess: blocksPublic } });
};

export const deletePublicAccessBlock: Operation = ({ store }, { bucket }) => {
  store.changeSettings(bucket, { blocksPublic: false });
  return { statusCode: 204 };
};

/** Throws where an ACL would make something public that may not be; code and words are assumed. */
export function checkAcl(acl: string | undefined, { blocksPublic }: BucketSettings, what = 'object'): void {
  if (blocksPublic && acl?.startsWith('public') === true) {
    throw forbidden('AccessDenied', `Put public ${what} acl is not allowed`);
  }
}
