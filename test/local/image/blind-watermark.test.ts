import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { processImage } from '../../../src/local/image/process-image.ts';
import { samplePictures } from '../../../src/local/pictures.ts';
import { createRandom } from '../../faults/random.ts';
import { failure, request, run } from './samples.ts';

const content = (text: string) => `content_${Buffer.from(text).toString('base64url')}`;

async function read(body: Buffer, strength = 'low'): Promise<string> {
  const asked = { ...request(body, `image/deblindwatermark,s_${strength},t_text`), asynchronous: true };
  return (await processImage(asked)).body.toString();
}

let portrait: Buffer;
beforeAll(async () => {
  const found = (await samplePictures()).find(({ name }) => name === 'portrait.jpg');
  portrait = await run(found?.body ?? Buffer.alloc(0), 'image/resize,w_420/format,png');
});

/** Peak signal to noise ratio in dB; 36 and more is hard to see. */
async function similarity(one: Buffer, other: Buffer): Promise<number> {
  const [first, second] = await Promise.all(
    [one, other].map((body) => sharp(body).removeAlpha().raw().toBuffer()),
  );
  const errors = [...(first ?? [])].map((value, at) => (value - (second?.[at] ?? 0)) ** 2);
  return 10 * Math.log10(255 ** 2 / (errors.reduce((sum, error) => sum + error, 0) / errors.length));
}

describe('a blind watermark', () => {
  it.each(['low', 'medium', 'high'])(
    'a blind watermark of strength %s comes back and is hard to see',
    async (strength) => {
      const marked = await run(portrait, `image/blindwatermark,${content('© 例子 2026 😀')},s_${strength}`);

      expect(await read(marked, strength)).toBe('© 例子 2026 😀');
      expect(await similarity(portrait, marked)).toBeGreaterThan(36);
    },
  );

  it('a blind watermark is low and t_text unless told otherwise', async () => {
    const marked = await run(portrait, `image/blindwatermark,${content('default')}`);

    const asked = { ...request(marked, 'image/deblindwatermark'), asynchronous: true };

    expect((await processImage(asked)).body.toString()).toBe('default');
  });

  it.each([
    ['a JPEG of 75', (image: Sharp) => image.jpeg({ quality: 75 })],
    [
      'a JPEG of 75 with full chroma',
      (image: Sharp) => image.jpeg({ quality: 75, chromaSubsampling: '4:4:4' }),
    ],
    ['a JPEG of mozjpeg', (image: Sharp) => image.jpeg({ quality: 80, mozjpeg: true })],
    ['a WebP', (image: Sharp) => image.webp({ quality: 85 })],
    ['a TIFF', (image: Sharp) => image.tiff({ compression: 'lzw' })],
    [
      'a picture with one half painted over',
      (image: Sharp) =>
        image
          .composite([
            {
              input: { create: { width: 210, height: 560, channels: 3, background: '#fff' } },
              left: 0,
              top: 0,
            },
          ])
          .png(),
    ],
  ])('a blind watermark survives %s', async (_, save) => {
    const marked = await run(portrait, `image/blindwatermark,${content('© Example Ltd.')}`);

    expect(await read(await save(sharp(marked)).toBuffer())).toBe('© Example Ltd.');
  });

  it.each(['jpg', 'png', 'webp', 'tiff', 'bmp'])(
    'a blind watermark is in the %s that it is made in',
    async (format) => {
      const input = await run(portrait, `image/format,${format}`);

      const marked = await run(input, `image/blindwatermark,${content('made here')}`);

      expect(await read(marked)).toBe('made here');
    },
  );

  it('a blind watermark is at quality q whatever the quality of the source', async () => {
    const input = await sharp(portrait).jpeg({ quality: 30 }).toBuffer();

    const [usual, best] = [
      await run(input, `image/blindwatermark,${content('poor source')}`),
      await run(input, `image/blindwatermark,${content('poor source')},q_100`),
    ];

    expect(await read(usual)).toBe('poor source');
    expect(best.length).toBeGreaterThan(usual.length);
  });

  it('a blind watermark holds 256 characters of any script in a picture of 400x600, and 100 letters in one of 200x200', async () => {
    const long = '水'.repeat(256);
    const short = 'a'.repeat(100);
    const small = await run(portrait, 'image/resize,m_fill,w_200,h_200');

    const bodies = [
      await run(portrait, `image/blindwatermark,${content(long)},s_high`),
      await run(small, `image/blindwatermark,${content(short)},s_medium`),
    ];

    expect(await read(bodies[0] ?? portrait, 'high')).toBe(long);
    expect(await read(await sharp(bodies[1]).jpeg({ quality: 80 }).toBuffer(), 'medium')).toBe(short);
  });

  it('a blind watermark is in a picture with more blocks than are needed, too', async () => {
    const large = await sharp(portrait).resize(2500, 3333, { fit: 'fill' }).jpeg({ quality: 90 }).toBuffer();

    const marked = await run(large, `image/blindwatermark,${content('large')}`);

    expect(await read(await sharp(marked).jpeg({ quality: 75 }).toBuffer())).toBe('large');
  });

  it('a blind watermark gives back any text in any picture that takes it', async () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 20 })
      .filter((value) => Buffer.from(value).toString() === value);
    const size = fc.record({
      width: fc.integer({ min: 120, max: 200 }),
      height: fc.integer({ min: 120, max: 200 }),
    });

    await fc.assert(
      fc.asyncProperty(text, size, fc.integer(), async (value, { width, height }, seed) => {
        const random = createRandom(seed);
        // Around a mean of 128, with a standard deviation of 30.
        const noise = () => 128 + 73 * (random() + random() - 1);
        const pixels = Uint8ClampedArray.from({ length: width * height * 3 }, noise);
        const input = await sharp(pixels, { raw: { width, height, channels: 3 } })
          .png()
          .toBuffer();
        expect(await read(await run(input, `image/blindwatermark,${content(value)}`))).toBe(value);
      }),
      { numRuns: 15 },
    );
  });

  it('a blind watermark leaves alpha alone', async () => {
    const input = await sharp(portrait).ensureAlpha(0.5).png().toBuffer();

    const marked = await run(input, `image/blindwatermark,${content('clear')}`);

    const { channels } = await sharp(marked).stats();
    expect([channels[3]?.min, channels[3]?.max]).toEqual([127, 127]);
    expect(await read(marked)).toBe('clear');
  });

  it('a blind watermark may follow other actions but not precede them', async () => {
    const mark = `blindwatermark,${content('last')}`;

    expect(await read(await run(portrait, `image/resize,w_300/${mark}`))).toBe('last');
    expect(await failure(portrait, `image/${mark}/resize,w_300`)).toMatchObject({ code: 'InvalidArgument' });
  });

  it('a blind watermark is not found where none is, nor with another strength', async () => {
    const marked = await run(portrait, `image/blindwatermark,${content('low')}`);

    await expect(read(portrait)).rejects.toMatchObject({ statusCode: 400, code: 'BadRequest' });
    await expect(read(marked, 'high')).rejects.toMatchObject({ code: 'BadRequest' });
  });

  it('a blind watermark is refused in what cannot hold it, and with values out of range', async () => {
    const flat = (background: string) =>
      sharp({ create: { width: 300, height: 300, channels: 3, background } })
        .png()
        .toBuffer();
    const tiny = await run(portrait, 'image/resize,w_20');
    const good = content('x');

    const failures = [
      await failure(await flat('#ffffff'), `image/blindwatermark,${good}`),
      await failure(await flat('#000000'), `image/blindwatermark,${good}`),
      await failure(tiny, `image/blindwatermark,${good}`),
      await failure(portrait, 'image/blindwatermark,s_low'),
      await failure(portrait, `image/blindwatermark,${content('a'.repeat(257))}`),
      await failure(portrait, `image/blindwatermark,${good},s_strong`),
      await failure(portrait, `image/blindwatermark,${good},q_69`),
      await failure(portrait, 'image/deblindwatermark,s_low,t_text'),
    ];

    const codes = [...Array(3).fill('BadRequest'), ...Array(5).fill('InvalidArgument')];
    expect(failures).toMatchObject(codes.map((code) => ({ statusCode: 400, code })));
  });
});
