import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { halves, pixel, run } from './samples.ts';

const grey = (background: string, alpha = 1) =>
  sharp({ create: { width: 20, height: 20, channels: 3, background } })
    .ensureAlpha(alpha)
    .png()
    .toBuffer();

describe('bright', () => {
  it('bright adds to the colours, not to alpha', async () => {
    const input = await grey('#646464', 0.5);

    expect(await pixel(await run(input, 'image/bright,50'), 5, 5)).toEqual([150, 150, 150, 127]);
    expect(await pixel(await run(input, 'image/bright,-100'), 5, 5)).toEqual([0, 0, 0, 127]);
  });
});

describe('contrast', () => {
  it('contrast moves colours from the middle or towards it', async () => {
    const [dark, light] = [await grey('#404040'), await grey('#c0c0c0')];

    const values = await Promise.all(
      [dark, light].flatMap((input) =>
        [-100, 0, 50].map(
          async (value) => (await pixel(await run(input, `image/contrast,${value}`), 5, 5))[0],
        ),
      ),
    );

    expect(values).toEqual([96, 64, 32, 160, 192, 224]);
  });
});

describe('blur and sharpen', () => {
  /** How many columns are neither red nor blue. */
  async function edgeWidth(body: Buffer): Promise<number> {
    const row = await sharp(body).extract({ left: 0, top: 20, width: 200, height: 1 }).raw().toBuffer();
    return Array.from({ length: 200 }, (_, x) => row[x * 3] ?? 0).filter((value) => value > 3 && value < 252)
      .length;
  }

  it('blur spreads an edge as far as r, as softly as s', async () => {
    const input = await halves(200, 40).png().toBuffer();

    const widths = await Promise.all(
      ['r_2,s_50', 'r_20,s_50', 'r_50,s_2'].map(async (values) =>
        edgeWidth(await run(input, `image/blur,${values}`)),
      ),
    );

    expect(widths).toEqual([4, 40, expect.closeTo(8, -0.5)]);
  });

  it('sharpen steepens a soft edge, the more the larger its value', async () => {
    const soft = await run(await halves(200, 40).png().toBuffer(), 'image/contrast,-100/blur,r_4,s_2');

    const bodies = [soft, await run(soft, 'image/sharpen,100'), await run(soft, 'image/sharpen,399')];
    const [before = 0, weak = 0, strong = 0] = await Promise.all(
      bodies.map(
        async (body) => ((await pixel(body, 97, 20))[0] ?? 0) - ((await pixel(body, 102, 20))[0] ?? 0),
      ),
    );

    expect(weak).toBeGreaterThan(before);
    expect(strong).toBeGreaterThan(weak);
  });
});

describe('average-hue', () => {
  it.each([
    ['#5c783b', '{"RGB": "0x5c783b"}'],
    ['#00000a', '{"RGB": "0x00000a"}'],
  ])('average-hue of %s is %s', async (background, expected) => {
    expect((await run(await grey(background), 'image/average-hue')).toString()).toBe(expected);
  });

  it('average-hue lies between the colours of the picture', async () => {
    const body = await run(await halves(2000, 1000).jpeg({ quality: 100 }).toBuffer(), 'image/average-hue');

    expect(body.toString()).toMatch(/^{"RGB": "0x(7f|80|7e)0[0-2](7f|80|7e)"}$/);
  });
});
