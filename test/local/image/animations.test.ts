import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { animation, near, pixel, red, run } from './samples.ts';

describe('animations', () => {
  it.each([
    ['gif', 'image/resize,w_30', 'gif'],
    ['gif', 'image/resize,l_30', 'gif'],
    ['gif', 'image/resize,s_20,p_50', 'gif'],
    ['gif', 'image/crop,x_10,y_10,w_20,h_20/resize,m_pad,w_15,h_10', 'gif'],
    ['gif', 'image/resize,h_20/format,webp', 'webp'],
    ['webp', 'image/resize,m_fill,w_20,h_20', 'webp'],
  ] as const)('animations of %s survive %s with their timing', async (source, style, format) => {
    const input = await animation(source);

    const metadata = await sharp(await run(input, style), { animated: true }).metadata();

    expect(metadata).toMatchObject({ format, pages: 3, delay: [100, 200, 300], loop: 2 });
  });

  it.each(['image/resize,p_50', 'image/resize,w_30/rotate,90', 'image/resize,w_30/format,png'])(
    'animations become their first frame by %s',
    async (style) => {
      const input = await animation('gif');

      const body = await run(input, style);

      expect((await sharp(body).metadata()).pages ?? 1).toBe(1);
      expect((await pixel(body, 5, 5)).slice(0, 3)).toEqual(near(red));
    },
  );
});

describe('animations that EXIF turns', () => {
  it.each([2, 3, 4, 5, 6, 7, 8])(
    'animations with orientation %i show their first frame upright, unless told not to turn',
    async (orientation) => {
      const still = await sharp(await animation('webp'), { animated: true })
        .withMetadata({ orientation })
        .webp()
        .toBuffer();

      const turned = await run(still, 'image/resize,s_20');
      const kept = await run(still, 'image/resize,s_20/auto-orient,0');

      const { width, height, pages = 1 } = await sharp(turned).metadata();
      expect([width, height, pages]).toEqual(orientation < 5 ? [30, 20, 1] : [20, 30, 1]);
      expect((await pixel(turned, 5, 5)).slice(0, 3)).toEqual(near(red));
      expect(await sharp(kept).metadata()).toMatchObject({ width: 30, height: 20, pages: 3 });
    },
  );
});
