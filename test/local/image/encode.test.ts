import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { estimateJpegQuality } from '../../../src/local/image/jpeg.ts';
import { processImage } from '../../../src/local/image/process-image.ts';
import { blue, halves, near, pixel, red, request, run, white } from './samples.ts';

describe('what comes out', () => {
  it('a result has no EXIF and no orientation left', async () => {
    const input = await halves(200, 100)
      .withExif({ IFD0: { Artist: 'A' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();

    const metadata = await sharp(await run(input, 'image/resize,w_50')).metadata();

    expect(metadata.exif).toBeUndefined();
    expect(metadata.orientation).toBeUndefined();
  });

  it('a result shows the colours of a wide-gamut source in sRGB', async () => {
    const p3 = await sharp({ create: { width: 20, height: 20, channels: 3, background: '#00c000' } })
      .withIccProfile('p3')
      .png()
      .toBuffer();

    const body = await run(p3, 'image/format,png');

    expect((await sharp(body).metadata()).icc).toBeUndefined();
    expect(await pixel(body, 10, 10)).toEqual(near([0, 192, 0]));
    expect(await sharp(p3).metadata()).toMatchObject({ hasProfile: true });
  });

  it('a result keeps alpha in PNG, WebP and BMP, and shows white instead in JPEG', async () => {
    const input = await sharp({ create: { width: 40, height: 40, channels: 4, background: '#ff000000' } })
      .png()
      .toBuffer();

    const png = await run(input, 'image/resize,w_20');
    const webp = await run(input, 'image/resize,w_20/format,webp');
    const jpg = await run(input, 'image/resize,w_20/format,jpg');
    const bmp = await run(input, 'image/resize,w_20/format,bmp');

    expect((await pixel(png, 5, 5))[3]).toBe(0);
    expect((await pixel(webp, 5, 5))[3]).toBe(0);
    expect(await pixel(jpg, 5, 5)).toEqual(near(white));
    expect([bmp.readUInt16LE(28), bmp.readUInt32LE(54 + 12)]).toEqual([32, 0xff000000]);
    expect(bmp.at(-1)).toBe(0);
  });

  it('a BMP result has its rows from the bottom, blue first, padded to four bytes', async () => {
    const input = await halves(2, 1).extend({ bottom: 1, background: '#fff' }).png().toBuffer();

    const { body, contentType } = await processImage(request(input, 'image/format,bmp'));

    expect(contentType).toBe('image/bmp');
    expect(body.readUInt32LE(2)).toBe(body.length);
    expect([...body.subarray(54)]).toEqual([...white, ...white, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0]);
  });

  it.each([
    ['jpg', 'image/jpeg'],
    ['jpeg', 'image/jpeg'],
    ['png', 'image/png'],
    ['webp', 'image/webp'],
    ['tiff', 'image/tiff'],
    ['avif', 'image/avif'],
  ])('a result is %s when asked', async (format, expected) => {
    const input = await halves(64, 32).png().toBuffer();

    const { body, contentType } = await processImage(request(input, `image/format,${format}`));

    expect(contentType).toBe(expected);
    expect(await pixel(body, 8, 8)).toEqual(near(red));
    expect(await pixel(body, 56, 8)).toEqual(near(blue));
  });
});

describe('quality', () => {
  const photo = () =>
    sharp({
      create: {
        width: 128,
        height: 128,
        channels: 3,
        background: '#888',
        noise: { type: 'gaussian', mean: 128, sigma: 40 },
      },
    });

  it.each([1, 20, 50, 75, 82, 95, 100])('quality of a JPEG saved with %i is recognised', async (quality) => {
    const jpeg = await photo().jpeg({ quality }).toBuffer();

    expect(estimateJpegQuality(jpeg)).toBe(quality);
  });

  it.each([
    ['image/resize,w_64', 80],
    ['image/quality,q_90', 72],
    ['image/quality,Q_60', 60],
    ['image/quality,Q_90', 80],
    ['image/quality,q_10,Q_70', 70],
    ['image/quality,50', 50],
  ])('quality of a JPEG of 80 is, after %s, %i', async (style, expected) => {
    const input = await photo().jpeg({ quality: 80 }).toBuffer();

    expect(estimateJpegQuality(await run(input, style))).toBe(expected);
  });

  it('quality of a WebP source is absolute with q', async () => {
    const input = await photo().webp({ quality: 95 }).toBuffer();

    const [low, high] = [await run(input, 'image/quality,q_20'), await run(input, 'image/quality,Q_20')];

    expect(low.equals(high)).toBe(true);
    expect(low.length).toBeLessThan(input.length);
  });

  it('quality is unknown, not an exception, in a header that breaks off', async () => {
    const jpeg = await photo().jpeg().toBuffer();

    const estimates = Array.from({ length: 200 }, (_, length) =>
      estimateJpegQuality(jpeg.subarray(0, length)),
    );

    expect(estimates).toContain(undefined);
  });

  it('interlace gives a progressive JPEG', async () => {
    const input = await photo().jpeg().toBuffer();

    const [on, off] = [await run(input, 'image/interlace,1'), await run(input, 'image/interlace,0')];

    expect((await sharp(on).metadata()).isProgressive).toBe(true);
    expect((await sharp(off).metadata()).isProgressive).toBe(false);
  });
});
