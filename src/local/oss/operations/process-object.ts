import type { OssObject } from '../../../process.ts';
import { refusals } from '../../../style/catalog.ts';
import { refuse } from '../../image/refuse.ts';
import { readBody } from '../http/body.ts';
import { checkConditions } from '../http/conditions.ts';
import { badRequest, notImplemented } from '../http/errors.ts';
import { httpDate, quotedETag } from '../http/object-headers.ts';
import { jsonReply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import type { StoredObject } from '../store/object.ts';
import { overriddenHeaders } from './object.ts';
import { createObject, type Operation, redirected, type Service } from './operation.ts';
import { savePlaceholders } from './placeholder.ts';
import {
  type Process,
  parseProcess,
  readProcessBody,
  refuseSelect,
  requireAsynchronous,
  requireSynchronous,
} from './process.ts';
import { describeObject, openObject } from './symlink.ts';

/** Assumed: OSS refuses a process that is too long (EC 0017-00000288); the length is not documented. */
const maxProcessBytes = 32 * 1024;

/**
 * `POST /key?x-oss-process`: saves the result and answers JSON, or answers the result itself when there is no
 * `sys/saveas` (aliyun-oss-go-sdk issue 258).
 *
 * Assumed, for no document says: the content type is the result's, the ETag its MD5, `{…}` in the key is not
 * expanded, no header of the request counts for the new object, and it raises the event of a PutObject.
 */
export const processObject: Operation = async (service, request) => {
  refuseSelect(request.query.get('x-oss-process') ?? '');
  const process = await readProcess(service, request, 'x-oss-process');
  requireSynchronous(process, 'post', service.simulateTasks);
  const { saveAs } = process;
  const { result } = await runStyle(service, request, process.style);
  const headers = { 'content-type': result.contentType };
  if (saveAs === undefined) {
    return { statusCode: 200, headers, body: result.body };
  }
  const { bucket = request.bucket } = saveAs;
  const targetRequest = redirected(request, bucket, service.saveAsKey(saveAs.key));
  const { key, sizeBytes } = await createObject(service, targetRequest, 'ObjectCreated:PutObject', {
    source: [result.body],
    headers,
  });
  // `bucket` is empty unless `b_` was sent; clients search the text for `"status": "OK"` (live SDK tests).
  return jsonReply({ bucket: saveAs.bucket ?? '', fileSize: sizeBytes, object: key, status: 'OK' });
};

/** Documented: OSS help "Save processed images": only POST saves. The ETag is the source's (SDK tests). */
export const getProcessed: Operation = async (service, request) => {
  const { bucket, key, query, headers } = request;
  if (Number(headers.get('content-length') ?? 0) > 0) {
    // Documented: the page of this EC; code and message are assumed.
    throw badRequest('InvalidArgument', 'The request of a process has no body.', { ec: '0017-00000506' });
  }
  const { styles } = service.store.bucket(bucket).settings;
  const process = parseProcess(query.get('x-oss-process') ?? '', styles);
  requireSynchronous(process, 'get', service.simulateTasks);
  if (process.saveAs !== undefined) {
    throw badRequest('InvalidArgument', 'sys/saveas is for POST only.');
  }
  checkConditions(headers, describeObject(service.store, bucket, key));
  const { result, meta } = await runStyle(service, request, process.style);
  const shown = {
    'content-type': result.contentType,
    etag: quotedETag(meta),
    'last-modified': httpDate(meta.lastModifiedMs),
    ...overriddenHeaders(query),
  };
  return { statusCode: 200, headers: shown, body: result.body };
};

/**
 * `POST /key?x-oss-async-process`: accepts a task and answers with the three ids that OSS sends. Reading a
 * watermark works; other tasks fail unless placeholders are enabled, as nothing here converts media.
 */
export const asyncProcessObject: Operation = async (service, request) => {
  const { bucket, key } = request;
  service.store.meta(bucket, key);
  const process = await readProcess(service, request, 'x-oss-async-process');
  requireAsynchronous(process);
  const { operation, style, saveAs } = process;
  const task = { ...process, bucket, key, kind: taskKindOf(operation) };
  const { taskId, eventId, requestId } = service.tasks.start(task, async () => {
    if (operation === 'image/deblindwatermark') {
      return { content: (await runStyle(service, request, style, true)).result.body.toString() };
    }
    if (service.simulateTasks && saveAs !== undefined) {
      return { targets: await savePlaceholders(service, request, style, saveAs) };
    }
    throw notImplemented(`${operation}: it runs on Alibaba Cloud only, in a bucket bound to an IMM project`);
  });
  return jsonReply({ EventId: eventId, RequestId: requestId, TaskId: taskId });
};

/** Documented: EventBridge help, "IMM events"; assumed: which operation is which. */
function taskKindOf(operation: string): string {
  const kinds: Readonly<Record<string, string>> = { image: 'DecodeBlindWatermark', doc: 'OfficeConversion' };
  return kinds[operation.split('/')[0] ?? ''] ?? 'MediaConvert';
}

async function readProcess({ store }: Service, request: OssRequest, parameter: string): Promise<Process> {
  const text = readProcessBody(await readBody(request, maxProcessBytes), parameter);
  return parseProcess(text, store.bucket(request.bucket).settings.styles);
}

/** Runs a style on an object; throws OSS's error if OSS would refuse it. */
export async function runStyle(
  { store, processImage }: Pick<Service, 'store' | 'processImage'>,
  { bucket, key }: OssObject,
  style: string,
  asynchronous = false,
) {
  let meta = describeObject(store, bucket, key);
  const readSource = async () => {
    const source = await openObject(store, bucket, key);
    ({ meta } = source);
    return readImage(source);
  };
  const readObject = async (other: string) =>
    store.bucket(bucket).objects.has(other) ? readImage(await openObject(store, bucket, other)) : undefined;
  const result = await processImage({ readSource, style, readObject, asynchronous });
  return { result, meta };
}

/** Reads all bytes of an image, which this closes. */
export async function readImage(image: StoredObject): Promise<Buffer> {
  if (image.meta.sizeBytes > refusals.sourceBytes.bytes) {
    image.close();
    throw refuse(refusals.sourceBytes, `${image.meta.sizeBytes} bytes`);
  }
  return Buffer.concat(await image.stream().toArray());
}
