import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import sharp from 'sharp';
import type { ImageProcessor } from './contract.ts';
import { processImage, type Schedule } from './process-image.ts';

/** sharp works on libuv's four threads, which the files of the server need, too. */
const maxAtOnce = 3;
/** A picture of 250 megapixels takes up to 3 GB while it is worked on: ten must not run together. */
const largePixels = 50_000_000;

/** Makes `processImage` work on `atOnce` images, a core each, others waiting; sets sharp up process-wide. */
export function createImageProcessor(atOnce = Math.min(availableParallelism(), maxAtOnce)): ImageProcessor {
  sharp.cache(false);
  sharp.concurrency(1);
  const [limit, schedule] = [pLimit(atOnce), createSchedule()];
  return (request) => limit(() => processImage(request, schedule));
}

/** Makes a schedule that works on large pictures one after the other. */
export function createSchedule(): Schedule {
  const limitLarge = pLimit(1);
  return (pixels, work) => (pixels > largePixels ? limitLarge(work) : work());
}
