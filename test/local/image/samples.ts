import sharp from 'sharp';
import { expect } from 'vitest';
import { processImage } from '../../../src/local/image/process-image.ts';
import { OssError } from '../../../src/local/oss/http/errors.ts';

type Rgb = [number, number, number];

export const red: Rgb = [255, 0, 0];
export const blue: Rgb = [0, 0, 255];
export const white: Rgb = [255, 255, 255];

/** Left half red, right half blue. */
export function halves(width: number, height: number) {
  const right = { create: { width: width / 2, height, channels: 3 as const, background: '#00f' } };
  return sharp({ create: { width, height, channels: 3, background: '#f00' } })
    .composite([{ input: right, left: width / 2, top: 0 }])
    .removeAlpha();
}

export async function animation(format: 'gif' | 'webp', delay = [100, 200, 300]) {
  const frames = ['#f00', '#0f0', '#00f'].map((background) =>
    sharp({ create: { width: 60, height: 40, channels: 3, background } })
      .png()
      .toBuffer(),
  );
  const joined = sharp(await Promise.all(frames), { join: { animated: true } });
  return joined.toFormat(format, { delay, loop: 2 }).toBuffer();
}

/** The colour of one pixel; JPEG is lossy, so it is compared with room. */
export async function pixel(image: Buffer, left: number, top: number): Promise<number[]> {
  const region = sharp(image).extract({ left, top, width: 1, height: 1 });
  return [...(await region.raw().toBuffer())];
}

export function near([r, g, b]: Rgb) {
  const channel = (value: number) => expect.closeTo(value, -1.2);
  return [channel(r), channel(g), channel(b)];
}

/** A request for one image, in a bucket that holds `objects` besides. */
export function request(input: Buffer, style: string, objects: Record<string, Buffer> = {}) {
  const readObject = async (key: string) => (Object.hasOwn(objects, key) ? objects[key] : undefined);
  return { readSource: async () => input, style, readObject };
}

export async function run(input: Buffer, style: string, objects?: Record<string, Buffer>): Promise<Buffer> {
  return (await processImage(request(input, style, objects))).body;
}

/** The error that a request fails with, its EC beside its code. */
export async function failure(
  input: Buffer,
  style: string,
  objects?: Record<string, Buffer>,
): Promise<unknown> {
  return processImage(request(input, style, objects)).then(
    () => 'no failure',
    (error: unknown) => (error instanceof OssError ? Object.assign(error, { ec: error.details.ec }) : error),
  );
}
