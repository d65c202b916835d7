import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { animation, blue, failure, halves, near, pixel, red, run, white } from './samples.ts';

describe('the order of actions', () => {
  it('the order of actions is the written one', async () => {
    const input = await halves(200, 100).png().toBuffer();

    const cropFirst = await sharp(await run(input, 'image/crop,w_100,h_100/resize,w_50')).metadata();
    const cropLast = await sharp(await run(input, 'image/resize,w_50/crop,w_100,h_100')).metadata();

    expect([cropFirst.width, cropFirst.height]).toEqual([50, 50]);
    expect([cropLast.width, cropLast.height]).toEqual([50, 25]);
  });

  it('the order of actions is the written one where they are piped on, at most five times', async () => {
    const input = await halves(200, 100).png().toBuffer();
    const crops = '|image/crop,w_100,h_100'.repeat(5);

    const piped = await run(input, `image/resize,w_50${crops}`);

    expect(await sharp(piped).metadata()).toMatchObject({ width: 50, height: 25 });
    expect(await failure(input, `image/resize,w_50${crops}|image/flip,1`)).toMatchObject({
      code: 'TooManyPipes',
      ec: '0040-00000211',
    });
  });

  it('EXIF orientation comes first, by default and wherever auto-orient stands', async () => {
    const input = await halves(200, 100).withMetadata({ orientation: 6 }).jpeg().toBuffer();

    for (const style of ['image/crop,w_100,h_50', 'image/crop,w_100,h_50/auto-orient,1']) {
      const body = await run(input, style);

      expect(await pixel(body, 50, 25)).toEqual(near(red));
      expect(await pixel(await run(input, 'image/crop,g_south,w_100,h_50'), 50, 25)).toEqual(near(blue));
    }
  });

  it('auto-orient,0 leaves the picture as it is stored', async () => {
    const input = await halves(200, 100).withMetadata({ orientation: 6 }).jpeg().toBuffer();

    const body = await run(input, 'image/resize,w_100/auto-orient,0');

    expect(await sharp(body).metadata()).toMatchObject({ width: 100, height: 50 });
    expect(await pixel(body, 10, 25)).toEqual(near(red));
  });
});

describe('a picture that EXIF turns', () => {
  // No two neighbours are alike, so that every shift shows.
  const size = { width: 40, height: 30 };
  const noise = Buffer.from(Array.from({ length: 40 * 30 * 3 }, (_, index) => (index * 7919) % 251));
  const upright = () => sharp(noise, { raw: { ...size, channels: 3 } });
  const stored: Record<number, () => Promise<Buffer>> = {
    3: () => upright().rotate(180).withMetadata({ orientation: 3 }).png().toBuffer(),
    6: () => upright().rotate(270).withMetadata({ orientation: 6 }).png().toBuffer(),
    8: () => upright().rotate(90).withMetadata({ orientation: 8 }).png().toBuffer(),
  };

  it.each(
    [3, 6, 8].flatMap((orientation) =>
      [
        'image/resize,w_100,limit_0',
        'image/resize,m_fixed,w_100,h_20,limit_0',
        'image/resize,m_fill,w_90,h_90,limit_0',
        'image/resize,m_pad,w_90,h_90,limit_0',
      ].map((style) => [orientation, style] as const),
    ),
  )(
    'a picture that EXIF turns is enlarged as the same picture stored upright: orientation %i, %s',
    async (orientation, style) => {
      const turned = (await stored[orientation]?.()) ?? Buffer.alloc(0);

      const [expected, actual] = await Promise.all(
        [await upright().png().toBuffer(), turned].map(async (input) =>
          sharp(await run(input, style))
            .raw()
            .toBuffer(),
        ),
      );

      expect(actual?.equals(expected ?? Buffer.alloc(0))).toBe(true);
    },
  );
});

describe('padding', () => {
  it('padding puts the picture between bands of the colour asked for', async () => {
    const input = await halves(200, 100).png().toBuffer();

    const body = await run(input, 'image/resize,m_pad,w_100,h_100,color_00ff00');

    const column = [10, 50, 90].map((top) => pixel(body, 10, top));
    expect(await Promise.all(column)).toEqual([near([0, 255, 0]), near(red), near([0, 255, 0])]);
  });
});

describe('rotation', () => {
  it('rotation is clockwise', async () => {
    const input = await halves(200, 100).png().toBuffer();

    const body = await run(input, 'image/rotate,90');

    expect(await pixel(body, 50, 10)).toEqual(near(red));
    expect(await pixel(body, 50, 190)).toEqual(near(blue));
  });

  it('rotation uncovers white, and nothing in a picture with alpha', async () => {
    const opaque = await halves(100, 100).png().toBuffer();
    const clear = await halves(100, 100).ensureAlpha().png().toBuffer();

    const [onWhite, onNothing] = [await run(opaque, 'image/rotate,45'), await run(clear, 'image/rotate,45')];

    expect(await pixel(onWhite, 1, 1)).toEqual(near(white));
    expect((await pixel(onNothing, 1, 1))[3]).toBe(0);
  });
});

describe('what is refused', () => {
  it('image processing refuses a source that is no image, in words of OSS', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');

    const failures = [
      await failure(Buffer.from('a text'), 'image/resize,w_10'),
      await failure(Buffer.alloc(0), 'image/info'),
      await failure(svg, 'image/format,png'),
      await failure(Buffer.from('BMW makes cars, and this text is longer than any header.'), 'image/info'),
      await failure(Buffer.concat([Buffer.from('BM'), Buffer.alloc(99)]), 'image/info'),
    ];

    const unsupported = { statusCode: 400, code: 'BadRequest', ec: '0040-00000005' };
    expect(failures).toMatchObject(failures.map(() => unsupported));
  });

  it('image processing refuses a source that breaks off', async () => {
    const jpeg = await halves(400, 400).jpeg().toBuffer();
    const webp = await halves(400, 400).webp({ lossless: true }).toBuffer();

    expect(await failure(jpeg.subarray(0, jpeg.length - 200), 'image/resize,w_10')).toMatchObject({
      code: 'BadRequest',
      message: expect.stringContaining('The image file may be damaged.'),
    });
    expect(await failure(webp.subarray(0, 40), 'image/resize,w_10')).toMatchObject({ code: 'BadWebPImage' });
  });

  it('image processing shows the whole frames of an animated GIF that breaks off', async () => {
    const gif = await animation('gif');

    // Behind the control block of the last frame.
    const body = await run(
      gif.subarray(0, gif.lastIndexOf(Buffer.from([0x21, 0xf9])) + 8),
      'image/resize,w_30',
    );

    expect(await sharp(body).metadata()).toMatchObject({ format: 'gif', pages: 2 });
    expect(await failure(gif.subarray(0, 40), 'image/resize,w_30')).toMatchObject({ code: 'BadRequest' });
  });

  it.each(['ftypheic\0\0\0\0mif1heic', 'ftypavis\0\0\0\0avifavis'])(
    'image processing refuses a source in a format that only the real OSS can read, by name: %j',
    async (brands) => {
      const source = Buffer.from(`\0\0\0\x18${brands}`, 'latin1');

      expect(await failure(source, 'image/info')).toMatchObject({
        statusCode: 501,
        code: 'NotImplemented',
        message: expect.stringContaining('HEIC and animated AVIF sources'),
      });
    },
  );

  it('image processing refuses a size over the documented limits', async () => {
    const input = await halves(200, 100).png().toBuffer();
    const tall = await sharp({ create: { width: 2, height: 16_384, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    const sideways = await sharp({ create: { width: 4098, height: 2, channels: 3, background: '#fff' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();

    const failures = await Promise.all([
      failure(input, 'image/resize,m_fixed,w_16384,h_16384,limit_0'),
      failure(tall, 'image/format,webp'),
      failure(sideways, 'image/resize,w_2'),
    ]);

    expect(failures).toMatchObject([
      { code: 'ImageTooLarge', ec: '0040-00000007' },
      { code: 'ImageTooLarge', ec: '0040-00000011' },
      { code: 'BadRequest', ec: '0040-00000006' },
    ]);
  });

  const line = (width: number) => sharp({ create: { width, height: 1, channels: 3, background: '#fff' } });

  /** Pictures whose header tells that size. */
  async function bmp(width: number) {
    const source = await run(await line(100).png().toBuffer(), 'image/format,bmp');
    source.writeInt32LE(width, 18);
    return Buffer.concat([source, Buffer.alloc(width * 3)]);
  }
  async function jpeg(width: number, height: number) {
    const source = await line(1).jpeg().toBuffer();
    const frameAt = source.indexOf(Buffer.from([0xff, 0xc0]));
    source.writeUInt16BE(height, frameAt + 5);
    source.writeUInt16BE(width, frameAt + 7);
    return source;
  }
  async function gif(width: number, height: number, count: number) {
    const source = await line(1).gif().toBuffer();
    source.writeUInt16LE(width, 6);
    source.writeUInt16LE(height, 8);
    const control = source.indexOf(Buffer.from([0x21, 0xf9]));
    const frame = source.subarray(control, -1);
    return Buffer.concat([source.subarray(0, control), ...Array(count).fill(frame), source.subarray(-1)]);
  }
  async function png(width: number, height: number) {
    const source = await line(1).png().toBuffer();
    source.writeUInt32BE(width, 16);
    source.writeUInt32BE(height, 20);
    source.writeUInt32BE(crc32(source.subarray(12, 29)), 29);
    return source;
  }

  it.each([
    ['a JPEG', '19', () => line(30_000).jpeg().toBuffer(), () => line(30_001).jpeg().toBuffer()],
    ['a BMP', '17', () => bmp(30_000), () => bmp(30_001)],
    ['a TIFF', '18', () => line(16_384).tiff().toBuffer(), () => line(16_385).tiff().toBuffer()],
    ['an AVIF', '14', () => line(10_000).avif().toBuffer(), () => line(10_001).avif().toBuffer()],
    ['a wide PNG', '12', () => png(30_000, 1), () => png(30_001, 1)],
    ['a large JPEG', '12', () => jpeg(25_000, 10_000), () => jpeg(25_000, 10_001)],
    ['an animation', '12', () => gif(1000, 1000, 250), () => gif(1000, 1000, 251)],
    ['a large PNG', '12', () => png(25_000, 10_000), () => png(25_000, 10_001)],
  ] as const)(
    'image processing takes %s at the limit of its format, and none beyond',
    async (_, number, last, beyond) => {
      const [inside, outside] = await Promise.all(
        [last, beyond].map(async (draw) => failure(await draw(), 'image/info')),
      );

      expect(inside).toBe('no failure');
      expect(outside).toMatchObject({ statusCode: 400, code: 'ImageTooLarge', ec: `0040-000000${number}` });
    },
  );

  it('image processing refuses an AVIF over the limit of a result, and one that breaks off', async () => {
    const large = await sharp({ create: { width: 4097, height: 2304, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    const cut = (await line(100).avif().toBuffer()).subarray(0, 200);

    expect(await failure(large, 'image/format,avif')).toMatchObject({ ec: '0040-00000014' });
    expect(await failure(cut, 'image/info')).toMatchObject({ code: 'BadRequest', ec: '0040-00000021' });
  });

  it('image processing refuses a style for something other than one image', async () => {
    const input = await halves(40, 20).png().toBuffer();
    const styles = ['style/a', 'video/info', 'image/resize,w_1|video/info', ''];

    const failures = await Promise.all(styles.map((style) => failure(input, style)));

    expect(failures).toMatchObject(styles.map(() => ({ statusCode: 400, ec: '0040-00000601' })));
  });

  it('image processing refuses a second value where an action takes one', async () => {
    const input = await halves(40, 20).png().toBuffer();

    expect(await failure(input, 'image/rotate,90,180')).toMatchObject({ ec: '0040-00000203' });
  });
});
