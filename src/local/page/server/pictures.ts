import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import type { OssObject } from '../../../process.ts';
import type { BucketStore, Service } from '../../oss/operations/operation.ts';
import { parseProcess } from '../../oss/operations/process.ts';
import { runStyle } from '../../oss/operations/process-object.ts';
import { openObject } from '../../oss/operations/symlink.ts';
import type { PageReply } from './reply.ts';

/** Formats that cannot carry a script; what else an object says of itself is not believed. */
const contentTypes: Readonly<Record<string, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  avif: 'image/avif',
};

/** A picture with a style run on it, as GetObject with `x-oss-process` would answer, but spared all faults. */
export async function renderPicture(
  source: Pick<Service, 'store' | 'processImage'>,
  object: OssObject,
  text: string,
): Promise<PageReply> {
  const { styles } = source.store.bucket(object.bucket).settings;
  const { style } = parseProcess(text, styles);
  const { result } = await runStyle(source, object, style);
  return { headers: pictureHeaders(result.contentType), body: result.body };
}

/** Pixels as a person sees the picture, and its format; undefined for what is no picture, or may hold scripts. */
export async function measureObject(store: BucketStore, { bucket, key }: OssObject) {
  const { headers } = store.meta(bucket, key);
  if (!headers['content-type']?.startsWith('image/') || headers['content-type'].startsWith('image/svg')) {
    return undefined;
  }
  try {
    const object = await openObject(store, bucket, key);
    const { format, autoOrient } = await sharp(await buffer(object.stream())).metadata();
    return format === 'svg' ? undefined : { ...autoOrient, format };
  } catch {
    return undefined; // It says that it is a picture, and is none.
  }
}

/** The address holds the version of the picture, so that what it names never changes. */
function pictureHeaders(contentType: string): Record<string, string> {
  const isSafe = Object.values(contentTypes).includes(contentType);
  return {
    'content-type': isSafe ? contentType : 'application/octet-stream',
    'cache-control': 'private, max-age=31536000, immutable',
    'x-picture-type': contentType,
  };
}
