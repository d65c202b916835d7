import type { ImageResult } from '../../image/contract.ts';
import { readBody } from '../http/body.ts';
import { checkConditions } from '../http/conditions.ts';
import { badRequest } from '../http/errors.ts';
import { objectHeaders } from '../http/object-headers.ts';
import type { Reply } from '../http/reply.ts';
import type { ObjectMeta, OpenObject } from '../store/object-file.ts';
import { createObject, type OperationContext } from './operation.ts';
import {
  type Process,
  parseProcess,
  readProcessBody,
  requireSynchronousImage,
  type SaveAs,
} from './process.ts';
import { findStyle } from './style.ts';
import { describeObject, openObject } from './symlink.ts';

/** Documented: OSS help "IMG overview". */
const maxSourceBytes = 20 * 1024 * 1024;
/** Assumed: OSS refuses a process that is too long (EC 0017-00000288) without saying from which length on. */
export const maxProcessBytes = 32 * 1024;

/**
 * `POST /key?x-oss-process`: saves the result and answers JSON, or answers the result itself when there is no
 * `sys/saveas` (aliyun-oss-go-sdk issue 258).
 */
export async function processObject(context: OperationContext): Promise<Reply> {
  const { request, store } = context;
  store.bucket(request.bucket);
  const process = parse(context, readProcessBody(await readBody(request, maxProcessBytes)));
  requireSynchronousImage(process, 'POST');
  const { style, saveAs } = process;
  const target = saveAs?.bucket ?? request.bucket;
  store.meta(request.bucket, request.key);
  store.bucket(target);
  const { result } = await runStyle(context, style);
  if (saveAs === undefined) {
    return { statusCode: 200, headers: { 'content-type': result.contentType }, body: result.body };
  }
  return save(context, target, saveAs, result);
}

/** Documented: OSS help "Save processed images": saving is for POST only. The ETag stays the source's (live SDK tests). */
export async function getProcessed(context: OperationContext): Promise<Reply> {
  const { request, store } = context;
  const process = parse(context, request.query.get('x-oss-process') ?? '');
  requireSynchronousImage(process, 'GET');
  if (process.saveAs !== undefined) {
    throw badRequest('InvalidArgument', 'sys/saveas is for POST only.');
  }
  checkConditions(request.headers, describeObject(store, request.bucket, request.key));
  const { result, meta } = await runStyle(context, process.style);
  const { etag = '', 'last-modified': lastModified = '' } = objectHeaders(meta);
  const headers = { 'content-type': result.contentType, etag, 'last-modified': lastModified };
  return { statusCode: 200, headers, body: result.body };
}

/** A process with the styles of the bucket that the request addresses. */
export function parse({ request, store }: OperationContext, process: string): Process {
  return parseProcess(process, (name) => findStyle(store, request.bucket, name).content);
}

export async function runStyle(
  { request, store, processImage }: OperationContext,
  style: string,
  asynchronous = false,
): Promise<{ result: ImageResult; meta: ObjectMeta }> {
  const { bucket, key } = request;
  const source = await openObject(store, bucket, key);
  try {
    const readObject = async (other: string) => {
      if (!store.bucket(bucket).objects.has(other)) {
        return undefined;
      }
      const object = await openObject(store, bucket, other);
      return readImage(object).finally(object.close);
    };
    const readSource = () => readImage(source);
    return {
      result: await processImage({ readSource, style, readObject, asynchronous }),
      meta: source.meta,
    };
  } finally {
    await source.close();
  }
}

async function readImage(object: OpenObject): Promise<Buffer> {
  const { sizeBytes } = object.meta;
  if (sizeBytes > maxSourceBytes) {
    throw badRequest('ImageTooLarge', 'The source image is larger than 20 MB.', '0040-00000009');
  }
  const chunks: Buffer[] = await object.stream().toArray();
  return Buffer.concat(chunks);
}

/**
 * Assumed, for no document says: the content type is the result's, the ETag its MD5, `{…}` in the key is not expanded,
 * and the new object raises the event of a PutObject.
 */
async function save(
  context: OperationContext,
  bucket: string,
  saveAs: SaveAs,
  result: ImageResult,
): Promise<Reply> {
  const meta = await createObject(context, 'ObjectCreated:PutObject', {
    bucket,
    key: saveAs.key,
    source: [result.body],
    headers: { 'content-type': result.contentType },
  });
  // `bucket` is empty unless `b_` was sent, and clients search the text for `"status": "OK"` (live SDK tests).
  const answer = { bucket: saveAs.bucket ?? '', fileSize: meta.sizeBytes, object: saveAs.key, status: 'OK' };
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(answer, null, 4)),
  };
}
