import { childrenNamed, childText } from '../../../oss/xml.ts';
import { readBody } from '../http/body.ts';
import { badRequest } from '../http/errors.ts';
import { checkKey } from '../http/names.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import { readXml } from '../http/xml.ts';
import { encoder } from './list-objects.ts';
import type { OperationContext } from './operation.ts';

/** Documented: 204 whether or not the object existed. */
export function deleteObject(context: OperationContext): Reply {
  remove(context, context.request.key, 'ObjectRemoved:DeleteObject');
  return { statusCode: 204 };
}

/**
 * Documented: OSS help "DeleteMultipleObjects": up to 1,000 keys, each answered as deleted whether or not it existed, none
 * of them with `Quiet`. Assumed: one event for each object that was there.
 */
export async function deleteMultipleObjects(context: OperationContext): Promise<Reply> {
  const { request, store } = context;
  store.bucket(request.bucket);
  const root = readXml(await readBody(request, 2 * 1024 * 1024), 'Delete');
  const objects = childrenNamed(root, 'Object');
  if (objects.length === 0 || objects.length > 1000) {
    throw badRequest('MalformedXML', 'A request names 1 to 1,000 objects to delete.');
  }
  const isVersioned = objects.some((object) => (childText(object, 'VersionId') ?? 'null') !== 'null');
  if (isVersioned) {
    throw badRequest('InvalidArgument', 'The bucket has no versions but null.');
  }
  const keys = objects.map((object) => checkKey(childText(object, 'Key') ?? ''));
  for (const key of keys) {
    remove(context, key, 'ObjectRemoved:DeleteObjects');
  }
  if (childText(root, 'Quiet')?.trim() === 'true') {
    return { statusCode: 200 };
  }
  const encode = encoder(request.query);
  return xmlReply({
    DeleteResult: {
      EncodingType: request.query.get('encoding-type') || undefined,
      Deleted: keys.map((key) => ({ Key: encode(key) })),
    },
  });
}

/** Assumed: no event for what was not there; the size removed is negative. */
function remove({ request, store, notify }: OperationContext, key: string, eventName: string): void {
  const { bucket } = request;
  const meta = store.delete(bucket, key);
  if (meta !== undefined) {
    notify({ eventName, bucket, meta, deltaSizeBytes: -meta.sizeBytes });
  }
}
