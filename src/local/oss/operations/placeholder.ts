import { formatObject } from '../../../pipeline/result.ts';
import { notImplemented } from '../http/errors.ts';
import type { OssRequest } from '../http/request.ts';
import { createObject, redirected, type Service } from './operation.ts';
import type { SaveAs } from './process.ts';

// This machine converts no video, sound or document. Under `simulateTasks` a placeholder stands in.

/** Saves a text in the place of each result; two where the key tells several apart by `{index}`. */
export async function savePlaceholders(service: Service, request: OssRequest, style: string, saveAs: SaveAs) {
  const { bucket = request.bucket, key: template } = saveAs;
  const keys = [...new Set(['1', '2'].map((index) => template.replaceAll('{index}', index)))];
  const variable = /\{[^}]*\}/.exec(keys[0] ?? '')?.[0];
  if (variable !== undefined) {
    throw notImplemented(`${variable} in the key of sys/saveas`);
  }
  for (const key of keys) {
    const what = `This is a placeholder of the local OSS for ${style} of ${formatObject(request)}.`;
    const text = `${what}\nAlibaba Cloud would have saved the result here.\n`;
    await createObject(service, redirected(request, bucket, key), 'ObjectCreated:PutObject', {
      source: [Buffer.from(text)],
      headers: { 'content-type': 'text/plain; charset=utf-8', 'x-oss-meta-placeholder': 'local-oss' },
    });
  }
  return keys.map((key) => ({ bucket, key }));
}
