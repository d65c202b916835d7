import { readBody } from '../http/body.ts';
import { notImplemented } from '../http/errors.ts';
import { jsonReply } from '../http/reply.ts';
import type { Operation } from './operation.ts';
import { savePlaceholders } from './placeholder.ts';
import { readProcessBody, requireAsynchronous } from './process.ts';
import { maxProcessBytes, parse, runStyle } from './process-object.ts';

/**
 * `POST /key?x-oss-async-process`: accepted with the three ids OSS answers. The reading of a watermark is done; all other
 * tasks fail, for nothing here converts videos, sounds or documents, unless placeholders are asked for.
 */
export const asyncProcessObject: Operation = async (service, request) => {
  const { bucket, key } = request;
  service.store.meta(bucket, key);
  const text = readProcessBody(await readBody(request, maxProcessBytes), 'x-oss-async-process');
  const process = parse(service, request, text);
  requireAsynchronous(process);
  const { operation, topic, style, saveAs } = process;
  if (saveAs?.bucket !== undefined) {
    service.store.bucket(saveAs.bucket);
  }
  const task = { kind: taskKindOf(operation), operation, bucket, object: key, process: text, topic };
  const ids = service.startTask(task, async () => {
    if (operation === 'image/deblindwatermark') {
      return { content: (await runStyle(service, request, style, true)).result.body.toString() };
    }
    if (service.simulateTasks && saveAs !== undefined) {
      return { targets: await savePlaceholders(service, request, { style, saveAs }) };
    }
    throw notImplemented(`${operation}: it runs on Alibaba Cloud only, in a bucket bound to an IMM project`);
  });
  return jsonReply(ids);
};

/** Documented: EventBridge help, "IMM events"; assumed is which operation is which. */
function taskKindOf(operation: string): string {
  const kinds: Readonly<Record<string, string>> = { image: 'DecodeBlindWatermark', doc: 'OfficeConversion' };
  return kinds[operation.split('/')[0] ?? ''] ?? 'MediaConvert';
}
