import { contentMd5Check } from './body.ts';
import { OssError } from './errors.ts';
import type { ObjectMeta } from './object-file.ts';
import type { OperationContext } from './operation.ts';
import type { Reply } from './reply.ts';
import type { OssRequest } from './request.ts';

const keptHeaders =
  /^(content-type|cache-control|content-disposition|content-encoding|content-language|expires|x-oss-meta-.+)$/;

/** Documented: OSS help "PutObject": ETag is the upper-case MD5, Content-Type is application/octet-stream unless given. */
export async function putObject(context: OperationContext): Promise<Reply> {
  const { request, store, notify } = context;
  const { bucket, key } = request;
  if (!request.headers.has('content-length') && !request.headers.has('transfer-encoding'))
    throw missingLength();
  const verify = contentMd5Check(request);
  const { meta, previous } = await store.put({
    bucket,
    key,
    source: request.body,
    headers: headersToKeep(request),
    ...(verify === undefined ? {} : { verify }),
  });
  notify('ObjectCreated:PutObject', bucket, meta, meta.sizeBytes - (previous?.sizeBytes ?? 0));
  return { statusCode: 200, headers: { etag: `"${meta.eTag}"`, 'content-md5': contentMd5(meta) } };
}

export async function getObject({ request, store }: OperationContext): Promise<Reply> {
  const object = await store.open(request.bucket, request.key);
  const { meta } = object;
  const headers = objectHeaders(meta);
  if (meta.sizeBytes === 0) {
    await object.close();
    return { statusCode: 200, headers };
  }
  const range = readRange(request.headers.get('range'), meta.sizeBytes);
  if (range === undefined) return { statusCode: 200, headers, body: object.stream(0, meta.sizeBytes - 1) };
  const { start, end } = range;
  const partial = {
    'content-length': String(end - start + 1),
    'content-range': `bytes ${start}-${end}/${meta.sizeBytes}`,
  };
  return { statusCode: 206, headers: { ...headers, ...partial }, body: object.stream(start, end) };
}

export function headObject({ request, store }: OperationContext): Reply {
  return { statusCode: 200, headers: objectHeaders(store.meta(request.bucket, request.key)) };
}

/** Documented: OSS help "GetObjectMeta": ETag, size and date only. */
export function getObjectMeta({ request, store }: OperationContext): Reply {
  const {
    etag = '',
    'content-length': size = '',
    'last-modified': date = '',
  } = objectHeaders(store.meta(request.bucket, request.key));
  return { statusCode: 200, headers: { etag, 'content-length': size, 'last-modified': date } };
}

/** Documented: 204 whether or not the object existed. Assumed: no event when it did not; the size removed is negative. */
export function deleteObject({ request, store, notify }: OperationContext): Reply {
  const removed = store.delete(request.bucket, request.key);
  if (removed !== undefined)
    notify('ObjectRemoved:DeleteObject', request.bucket, removed, -removed.sizeBytes);
  return { statusCode: 204 };
}

/** Headers of an object as HeadObject and GetObject answer them. */
export function objectHeaders(meta: ObjectMeta): Record<string, string> {
  return {
    ...meta.headers,
    'accept-ranges': 'bytes',
    'content-length': String(meta.sizeBytes),
    'content-md5': contentMd5(meta),
    etag: `"${meta.eTag}"`,
    'last-modified': new Date(meta.lastModifiedMs).toUTCString(),
    'x-oss-object-type': 'Normal',
    'x-oss-storage-class': 'Standard',
  };
}

function headersToKeep(request: OssRequest): Record<string, string> {
  const kept = [...request.headers].filter(([name]) => keptHeaders.test(name));
  return { 'content-type': 'application/octet-stream', ...Object.fromEntries(kept) };
}

/** One range of bytes; undefined, i.e. the whole object, for none and for one that is invalid (documented: "GetObject"). */
function readRange(
  header: string | undefined,
  sizeBytes: number,
): { start: number; end: number } | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  return start <= end && start < sizeBytes ? { start, end } : undefined;
}

function contentMd5(meta: ObjectMeta): string {
  return Buffer.from(meta.eTag, 'hex').toString('base64');
}

function missingLength(): OssError {
  const message = 'You must provide the Content-Length HTTP header.';
  return new OssError({ statusCode: 411, code: 'MissingContentLength', message });
}
