import { formatObject } from '../../../pipeline/result.ts';
import type { ImageProcessor } from '../../image/contract.ts';
import { notImplemented } from '../http/errors.ts';
import type { OssRequest } from '../http/request.ts';
import { createObject, redirected, type Service } from './operation.ts';
import type { SaveAs } from './process.ts';

// This machine cannot convert videos, sound or documents. With `simulateTasks` it saves placeholders instead.

/** Saves a text instead of each result; two if the key distinguishes several by `{index}`. */
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

/** A grey pixel as a PNG. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

/** Makes `video/snapshot` return a grey picture with these words, in the requested size and format. */
export function withSnapshots(processImage: ImageProcessor): ImageProcessor {
  return (job) =>
    job.style.startsWith('video/snapshot')
      ? processImage({ ...job, readSource: async () => pixel, style: snapshotStyle(job.style) })
      : processImage(job);
}

function snapshotStyle(snapshot: string): string {
  const numberOf = (name: string) => Number(new RegExp(`,${name}_(\\d+)`).exec(snapshot)?.[1] ?? 0);
  const w = numberOf('w');
  const h = numberOf('h');
  const width = w || Math.round((h * 16) / 9) || 640;
  const height = h || Math.round((width * 9) / 16);
  const format = snapshot.includes(',f_png') ? 'png' : 'jpg';
  const text = Buffer.from('video/snapshot').toString('base64url');
  const size = Math.max(1, Math.round(Math.min(width, height) / 10));
  const words = `watermark,text_${text},g_center,size_${size},color_FFFFFF`;
  return `image/resize,m_fixed,w_${width},h_${height},limit_0/${words}/format,${format}`;
}
