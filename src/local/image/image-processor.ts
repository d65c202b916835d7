import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import type { ProcessImage } from './contract.ts';
import { processImage } from './process-image.ts';

/** sharp works on libuv's four threads, which the files of the server need, too. */
const maxAtOnce = 3;

/**
 * `processImage` for a server: so many images at once, a core each, the others wait in line without their sources in
 * memory. Sets sharp up for the whole process.
 */
export function createImageProcessor(atOnce = Math.min(availableParallelism(), maxAtOnce)): ProcessImage {
  sharp.cache(false);
  sharp.concurrency(1);
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (request) => {
    if (running < atOnce) {
      running += 1;
    } else {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    try {
      return await processImage(request);
    } finally {
      // Whoever is next takes over this one's place.
      const next = waiting.shift();
      if (next === undefined) {
        running -= 1;
      } else {
        next();
      }
    }
  };
}
