import { readBody } from '../http/body.ts';
import { notImplemented } from '../http/errors.ts';
import type { Reply } from '../http/reply.ts';
import type { OperationContext } from './operation.ts';
import { readProcessBody, requireAsynchronous } from './process.ts';
import { maxProcessBytes, parse, runStyle } from './process-object.ts';

/**
 * `POST /key?x-oss-async-process`: accepted with the three ids OSS answers. The reading of a watermark is done; all other
 * tasks fail, for nothing here converts videos, sounds or documents: see `openTasks` for where that is told.
 */
export async function asyncProcessObject(context: OperationContext): Promise<Reply> {
  const { request, store, tasks } = context;
  const { bucket, key } = request;
  store.meta(bucket, key);
  const body = await readBody(request, maxProcessBytes);
  const text = readProcessBody(body, 'x-oss-async-process');
  const process = parse(context, text);
  requireAsynchronous(process);
  const { operation, topic, style } = process;
  const isWatermark = operation === 'image/deblindwatermark';
  const ids = tasks.start(
    { kind: kindOf(operation), bucket, object: key, process: text, topic },
    isWatermark
      ? async () => (await runStyle(context, style, true)).result.body.toString()
      : () => refuse(operation),
  );
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(ids, null, 4)),
  };
}

async function refuse(operation: string): Promise<never> {
  throw notImplemented(`${operation}: it runs on Alibaba Cloud only, in a bucket bound to an IMM project`);
}

/** Assumed, but for `MediaConvert`. */
function kindOf(operation: string): string {
  if (operation.startsWith('image/')) {
    return 'DecodeBlindWatermark';
  }
  return operation.startsWith('doc/') ? 'OfficeConversion' : 'MediaConvert';
}
