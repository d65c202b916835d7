import { fieldsOf, textOf } from '../../../json.ts';
import { listOf } from '../../../xml.ts';
import { readBody, readXml } from '../http/body.ts';
import { checkTags } from '../http/object-headers.ts';
import { xmlReply } from '../http/reply.ts';
import type { Operation } from './operation.ts';

/** Documented: OSS help "PutObjectTagging": all earlier tags are replaced. */
export const putObjectTagging: Operation = async ({ store }, request) => {
  const { TagSet } = readXml(await readBody(request, 64 * 1024), 'Tagging');
  const named = listOf(fieldsOf(TagSet).Tag).map(fieldsOf);
  const tags = named.map(({ Key, Value }) => ({ key: textOf(Key) ?? '', value: textOf(Value) ?? '' }));
  await store.changeProperties(request.bucket, request.key, { tags: checkTags(tags) });
  return { statusCode: 200 };
};

/** Returns all tags of an object (documented: OSS help "GetObjectTagging"). */
export const getObjectTagging: Operation = ({ store }, { bucket, key }) => {
  const { tags = [] } = store.meta(bucket, key);
  return xmlReply({
    Tagging: { TagSet: { Tag: tags.map((tag) => ({ Key: tag.key, Value: tag.value })) } },
  });
};

/** Removes all tags of an object (documented: OSS help "DeleteObjectTagging"). */
export const deleteObjectTagging: Operation = async ({ store }, { bucket, key }) => {
  await store.changeProperties(bucket, key, { tags: [] });
  return { statusCode: 204 };
};
