import { readBody } from '../http/body.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import { parseTaggingBody } from '../http/tagging.ts';
import { aclReply } from './bucket.ts';
import type { Operation, Service } from './operation.ts';

/** Documented: OSS help "PutObjectTagging": all earlier tags are replaced. */
export async function putObjectTagging({ store }: Service, request: OssRequest): Promise<Reply> {
  const tags = parseTaggingBody(await readBody(request, 64 * 1024));
  store.changeProperties(request.bucket, request.key, { tags });
  return { statusCode: 200 };
}

export const getObjectTagging: Operation = ({ store }, { bucket, key }) => {
  const { tags = [] } = store.meta(bucket, key);
  return xmlReply({
    Tagging: { TagSet: { Tag: tags.map((tag) => ({ Key: tag.key, Value: tag.value })) } },
  });
};

export const deleteObjectTagging: Operation = ({ store }, { bucket, key }) => {
  store.changeProperties(bucket, key, { tags: [] });
  return { statusCode: 204 };
};

export const putObjectAcl: Operation = ({ store }, { bucket, key, headers }) => {
  store.changeProperties(bucket, key, { acl: headers.get('x-oss-object-acl') ?? 'default' });
  return { statusCode: 200 };
};

export const getObjectAcl: Operation = (service, { bucket, key }) =>
  aclReply(service, service.store.meta(bucket, key).acl ?? 'default');
