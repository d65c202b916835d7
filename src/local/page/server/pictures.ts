import sharp from 'sharp';
import type { OssObject } from '../../../process.ts';
import type { BucketStore, Service } from '../../oss/operations/operation.ts';
import { parseProcess } from '../../oss/operations/process.ts';
import { readImage, runStyle } from '../../oss/operations/process-object.ts';
import { openObject } from '../../oss/operations/symlink.ts';
import { isPicture } from '../wire.ts';
import type { PageReply } from './reply.ts';

/** Formats that cannot contain scripts. Other types that an object claims are not passed on. */
const contentTypes = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif']);

/** A picture with a style applied, as GetObject with `x-oss-process` would return it, but without faults. */
export async function renderPicture(
  source: Pick<Service, 'store' | 'processImage'>,
  object: OssObject,
  version: string | null,
  text: string,
): Promise<PageReply> {
  const { eTag, type } = source.store.meta(object.bucket, object.key);
  const { styles } = source.store.bucket(object.bucket).settings;
  const { style } = parseProcess(text, styles);
  const { result } = await runStyle(source, object, style);
  // Named styles, logos and the target of a link may change under the same address.
  const mayChange = type === 'Symlink' || /^style\/|image_/.test(text);
  const caching = version === eTag && !mayChange ? 'private, max-age=3600' : 'no-store';
  return { headers: { ...pictureHeaders(result.contentType), 'cache-control': caching }, body: result.body };
}

/** The displayed size in pixels; undefined if it is no picture, or may contain scripts. */
export async function measureObject(store: BucketStore, { bucket, key }: OssObject) {
  const { headers } = store.meta(bucket, key);
  if (!isPicture(headers['content-type'] ?? '')) {
    return undefined;
  }
  try {
    const body = await readImage(await openObject(store, bucket, key));
    const { format, autoOrient } = await sharp(body).metadata();
    return format === 'svg' ? undefined : autoOrient;
  } catch {
    return undefined; // It claims to be a picture but is none, or is too large to be processed.
  }
}

function pictureHeaders(contentType: string): Record<string, string> {
  const shown = contentTypes.has(contentType) ? contentType : 'application/octet-stream';
  return { 'content-type': shown, 'x-picture-type': contentType };
}
