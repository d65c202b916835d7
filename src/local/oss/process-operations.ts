import { readBody } from './body.ts';
import { badRequest } from './errors.ts';
import type { ImageResult } from './image-contract.ts';
import type { ObjectMeta } from './object-file.ts';
import { objectHeaders } from './object-operations.ts';
import type { OperationContext } from './operation.ts';
import { parseProcess, readProcessBody, type SaveAs } from './process.ts';
import type { Reply } from './reply.ts';

/** Documented: OSS help "IMG overview". */
const maxSourceBytes = 20 * 1024 * 1024;
/** Assumed: OSS refuses a process that is too long (EC 0017-00000288) without saying from which length on. */
const maxProcessBytes = 32 * 1024;

/**
 * `POST /key?x-oss-process`: saves the result and answers JSON, or answers the result itself when there is no
 * `sys/saveas` (aliyun-oss-go-sdk issue 258).
 */
export async function processObject(context: OperationContext): Promise<Reply> {
  const { request, store } = context;
  store.bucket(request.bucket);
  const { style, saveAs } = parseProcess(readProcessBody(await readBody(request, maxProcessBytes)));
  const target = saveAs?.bucket ?? request.bucket;
  store.meta(request.bucket, request.key);
  store.bucket(target);
  const { result } = await runStyle(context, style);
  if (saveAs === undefined)
    return { statusCode: 200, headers: { 'content-type': result.contentType }, body: result.body };
  return save(context, target, saveAs, result);
}

/** Documented: OSS help "Save processed images": saving is for POST only. The ETag stays the source's (live SDK tests). */
export async function getProcessed(context: OperationContext): Promise<Reply> {
  const process = context.request.query.get('x-oss-process') ?? '';
  if (process === '') throw badRequest('InvalidRequest', 'The process is empty.');
  const { style, saveAs } = parseProcess(process);
  if (saveAs !== undefined) throw badRequest('InvalidArgument', 'sys/saveas is for POST only.');
  const { result, meta } = await runStyle(context, style);
  const { etag = '', 'last-modified': lastModified = '' } = objectHeaders(meta);
  const headers = { 'content-type': result.contentType, etag, 'last-modified': lastModified };
  return { statusCode: 200, headers, body: result.body };
}

async function runStyle(
  { request, store, processImage }: OperationContext,
  style: string,
): Promise<{ result: ImageResult; meta: ObjectMeta }> {
  const source = await store.open(request.bucket, request.key);
  try {
    const { meta } = source;
    if (meta.sizeBytes > maxSourceBytes)
      throw badRequest('ImageTooLarge', 'The source image is larger than 20 MB.', '0040-00000009');
    const chunks: Buffer[] = meta.sizeBytes === 0 ? [] : await source.stream(0, meta.sizeBytes - 1).toArray();
    return { result: await processImage({ input: Buffer.concat(chunks), style }), meta };
  } finally {
    await source.close();
  }
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
  const { meta, previous } = await context.store.put({
    bucket,
    key: saveAs.key,
    source: [result.body],
    headers: { 'content-type': result.contentType },
  });
  context.notify('ObjectCreated:PutObject', bucket, meta, meta.sizeBytes - (previous?.sizeBytes ?? 0));
  // `bucket` is empty unless `b_` was sent, and clients search the text for `"status": "OK"` (live SDK tests).
  const answer = { bucket: saveAs.bucket ?? '', fileSize: meta.sizeBytes, object: saveAs.key, status: 'OK' };
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(answer, null, 4)),
  };
}
