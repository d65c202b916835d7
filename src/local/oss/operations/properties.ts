import { readBody } from '../http/body.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import { owner } from './list-objects.ts';
import type { OperationContext } from './operation.ts';
import { parseTaggingBody } from './tagging.ts';

/** Documented: OSS help "PutObjectTagging": all earlier tags are replaced. */
export async function putObjectTagging({ request, store }: OperationContext): Promise<Reply> {
  const tags = parseTaggingBody(await readBody(request, 64 * 1024));
  await store.change(request.bucket, request.key, { tags });
  return { statusCode: 200 };
}

export function getObjectTagging({ request, store }: OperationContext): Reply {
  const { tags = [] } = store.meta(request.bucket, request.key);
  return xmlReply({
    Tagging: { TagSet: { Tag: tags.map(({ key, value }) => ({ Key: key, Value: value })) } },
  });
}

export async function deleteObjectTagging({ request, store }: OperationContext): Promise<Reply> {
  await store.change(request.bucket, request.key, { tags: [] });
  return { statusCode: 204 };
}

export async function putObjectAcl({ request, store }: OperationContext): Promise<Reply> {
  await store.change(request.bucket, request.key, {
    acl: request.headers.get('x-oss-object-acl') ?? 'default',
  });
  return { statusCode: 200 };
}

export function getObjectAcl({ request, store, accountId }: OperationContext): Reply {
  return aclReply(accountId, store.meta(request.bucket, request.key).acl ?? 'default');
}

export function putBucketAcl({ request, store }: OperationContext): Reply {
  store.changeSettings(request.bucket, { acl: request.headers.get('x-oss-acl') ?? 'private' });
  return { statusCode: 200 };
}

export function getBucketAcl({ request, store, accountId }: OperationContext): Reply {
  return aclReply(accountId, store.bucket(request.bucket).settings.acl);
}

function aclReply(accountId: string, grant: string): Reply {
  return xmlReply({
    AccessControlPolicy: { Owner: owner(accountId), AccessControlList: { Grant: grant } },
  });
}
