import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { samplePictures } from '../../src/local/pictures.ts';

describe('the sample pictures', () => {
  it('the sample pictures are what their names promise, the same at each call', async () => {
    const [once, again] = [await samplePictures(), await samplePictures()];

    const described = await Promise.all(
      once.map(async ({ name, body, contentType }) => {
        const metadata = await sharp(body)
          .metadata()
          .catch(() => undefined);
        const { format, width, height, orientation, hasAlpha, pages } = metadata ?? {};
        return { name, contentType, format, width, height, orientation, hasAlpha, pages };
      }),
    );
    // Compared as one: to compare these megabytes byte by byte takes seconds.
    expect(again.map(({ body }, index) => once[index]?.body.equals(body))).toEqual(Array(6).fill(true));
    expect(described).toMatchObject([
      {
        name: 'portrait.jpg',
        contentType: 'image/jpeg',
        format: 'jpeg',
        width: 1600,
        height: 1200,
        orientation: 6,
      },
      { name: 'logo.png', contentType: 'image/png', format: 'png', hasAlpha: true },
      { name: 'banner.webp', contentType: 'image/webp', format: 'webp' },
      { name: 'spinner.gif', contentType: 'image/gif', format: 'gif', pages: 12 },
      { name: 'poster.jpg', contentType: 'image/jpeg', format: 'jpeg', width: 6000, height: 4000 },
      { name: 'broken.jpg', contentType: 'image/jpeg', format: undefined },
    ]);
  });
});
