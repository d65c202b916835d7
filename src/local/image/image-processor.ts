import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import sharp from 'sharp';
import type { ProcessImage } from './contract.ts';
import { processImage } from './process-image.ts';

/** sharp works on libuv's four threads, which the files of the server need, too. */
const maxAtOnce = 3;
/** A picture of 250 megapixels takes up to 3 GB while it is worked on; one of these, and two smaller ones, take 4. */
const largePixels = 50_000_000;

/**
 * `processImage` for a server: so many images at once, a core each, and large ones one after the other; the others wait
 * in line without their sources in memory. Sets sharp up for the whole process.
 */
export function createImageProcessor(atOnce = Math.min(availableParallelism(), maxAtOnce)): ProcessImage {
  sharp.cache(false);
  sharp.concurrency(1);
  const [limit, limitLarge] = [pLimit(atOnce), pLimit(1)];
  return (request) =>
    limit(() => processImage(request, (pixels, work) => (pixels > largePixels ? limitLarge(work) : work())));
}
