import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import sharp from 'sharp';
import type { ImageProcessor } from './contract.ts';
import { prepareImage, processImage } from './process-image.ts';

/** sharp uses libuv's four threads, which the server's files need as well. */
const maxAtOnce = 3;
/** A picture of 250 megapixels takes up to 3 GB in processing: ten must not run together. */
const largePixels = 50_000_000;

/** Processes `atOnce` images at a time, each on one core, but one large one. Configures sharp globally. */
export function createImageProcessor(atOnce = Math.min(availableParallelism(), maxAtOnce)): ImageProcessor {
  sharp.cache(false);
  sharp.concurrency(1);
  const [limit, limitLarge] = [pLimit(atOnce), pLimit(1)];
  return async (request) => {
    const result = await limit(async () => {
      const { pixels, run } = await prepareImage(request);
      return pixels > largePixels ? undefined : run();
    });
    // A large image makes room for others, frees its bytes, and is read again when it is its turn.
    return result ?? limitLarge(() => limit(() => processImage(request)));
  };
}
