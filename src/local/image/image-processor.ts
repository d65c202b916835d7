import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import sharp from 'sharp';
import type { ImageProcessor } from './contract.ts';
import { prepareImage, processImage } from './process-image.ts';

/** sharp works on libuv's four threads, which the files of the server need, too. */
const maxAtOnce = 3;
/** A picture of 250 megapixels takes up to 3 GB while it is worked on: ten must not run together. */
const largePixels = 50_000_000;

/** Works on `atOnce` images, a core each, others waiting, and on one large one. Sets sharp up for all. */
export function createImageProcessor(atOnce = Math.min(availableParallelism(), maxAtOnce)): ImageProcessor {
  sharp.cache(false);
  sharp.concurrency(1);
  const [limit, limitLarge] = [pLimit(atOnce), pLimit(1)];
  return async (request) => {
    const result = await limit(async () => {
      const { pixels, run } = await prepareImage(request);
      return pixels > largePixels ? undefined : run();
    });
    // A large one makes room for others, gives up its bytes, and is read again in the turn of its kind.
    return result ?? limitLarge(() => limit(() => processImage(request)));
  };
}
