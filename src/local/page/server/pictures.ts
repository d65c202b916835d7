import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import type { OssObject } from '../../../process.ts';
import type { ProcessImage } from '../../image/contract.ts';
import { parseProcess } from '../../oss/operations/process.ts';
import { findStyle } from '../../oss/operations/style.ts';
import type { BucketSettings } from '../../oss/store/bucket-settings.ts';
import type { Store } from '../../oss/store/store.ts';
import type { PageReply } from './reply.ts';

export type ObjectReader = Pick<Store<BucketSettings>, 'bucket' | 'bucketNames' | 'meta' | 'open'>;

interface PictureSource {
  store: ObjectReader;
  processImage: ProcessImage;
}

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
  source: PictureSource,
  object: OssObject,
  text: string,
): Promise<PageReply> {
  const { bucket, key } = object;
  const { store } = source;
  const { styles } = store.bucket(bucket).settings;
  const { style } = parseProcess(text, (name) => findStyle(styles, name).content);
  const result = await source.processImage({
    style,
    readSource: () => readObject(store, bucket, key),
    readObject: async (other) =>
      store.bucket(bucket).objects.has(other) ? readObject(store, bucket, other) : undefined,
  });
  return { headers: pictureHeaders(result.contentType), body: result.body };
}

/** Pixels as a person sees the picture, and its format; undefined for what is none, or one that may hold scripts. */
export async function measureObject(store: ObjectReader, { bucket, key }: OssObject) {
  const { headers } = store.meta(bucket, key);
  if (!headers['content-type']?.startsWith('image/') || headers['content-type'].startsWith('image/svg')) {
    return undefined;
  }
  try {
    const { format, autoOrient } = await sharp(await readObject(store, bucket, key)).metadata();
    return format === 'svg' ? undefined : { ...autoOrient, format };
  } catch {
    return undefined; // It says that it is a picture, and is none.
  }
}

async function readObject(store: ObjectReader, bucket: string, key: string): Promise<Buffer> {
  return buffer((await store.open(bucket, key)).stream());
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
