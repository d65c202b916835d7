import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { blue, failure, halves, near, pixel, red, run } from './samples.ts';

const sizeOf = async (body: Buffer) => {
  const { width, height } = await sharp(body).metadata();
  return [width, height];
};

describe('circle', () => {
  it('circle cuts the square around the centre, clear outside, white in a JPEG', async () => {
    const input = await halves(200, 100).jpeg().toBuffer();

    const [png, jpg] = [
      await run(input, 'image/circle,r_30/format,png'),
      await run(input, 'image/circle,r_30'),
    ];

    expect(await sizeOf(png)).toEqual([61, 61]);
    expect(await pixel(png, 0, 0)).toMatchObject({ 3: 0 });
    expect(await pixel(png, 10, 30)).toEqual([...near(red), 255]);
    expect(await pixel(png, 50, 30)).toEqual([...near(blue), 255]);
    expect(Math.min(...(await pixel(jpg, 0, 0)))).toBeGreaterThan(220);
  });

  it.each([
    [100, 60, 99],
    [101, 60, 101],
    [1, 1, 1],
  ])(
    'circle of a picture %i px high with radius %i is at most what fits: %i',
    async (height, radius, side) => {
      const input = await sharp({ create: { width: 200, height, channels: 3, background: '#fff' } })
        .png()
        .toBuffer();

      expect(await sizeOf(await run(input, `image/circle,r_${radius}`))).toEqual([side, side]);
    },
  );
});

describe('rounded corners', () => {
  it('rounded corners are clear, the edges between them are not, and the size stays', async () => {
    const input = await halves(200, 100).png().toBuffer();

    const body = await run(input, 'image/rounded-corners,r_20');

    expect(await sizeOf(body)).toEqual([200, 100]);
    const alpha = async (left: number, top: number) => (await pixel(body, left, top))[3];
    expect(await Promise.all([alpha(0, 0), alpha(199, 0), alpha(0, 99), alpha(199, 99)])).toEqual([
      0, 0, 0, 0,
    ]);
    expect(await Promise.all([alpha(100, 0), alpha(0, 50), alpha(7, 7)])).toEqual([255, 255, 255]);
  });

  it('rounded corners take half the short side at most', async () => {
    const input = await halves(200, 100).png().toBuffer();

    const [most, more] = [
      await run(input, 'image/rounded-corners,r_50'),
      await run(input, 'image/rounded-corners,r_4096'),
    ];

    expect(more.equals(most)).toBe(true);
  });
});

describe('indexcrop', () => {
  it('indexcrop cuts strips that together are the picture', async () => {
    const input = await halves(90, 40).png().toBuffer();
    const strip = fc.record({
      side: fc.constantFrom('x' as const, 'y' as const),
      length: fc.integer({ min: 1, max: 40 }),
    });

    await fc.assert(
      fc.asyncProperty(strip, async ({ side, length }) => {
        const whole = side === 'x' ? 90 : 40;
        const indices = Array.from({ length: Math.ceil(whole / length) }, (_, index) => index);
        const bodies = await Promise.all(
          indices.map((i) => run(input, `image/indexcrop,${side}_${length},i_${i}`)),
        );
        const sizes = await Promise.all(bodies.map(sizeOf));
        expect(sizes.reduce((sum, [w, h]) => sum + ((side === 'x' ? w : h) ?? 0), 0)).toBe(whole);
      }),
      { numRuns: 10 },
    );
  });

  it('indexcrop leaves the picture whole when there is no such strip, and goes by y when both are given', async () => {
    const input = await halves(90, 40).png().toBuffer();

    expect(await sizeOf(await run(input, 'image/indexcrop,x_45,i_2'))).toEqual([90, 40]);
    expect(await sizeOf(await run(input, 'image/indexcrop,x_45,y_10,i_1'))).toEqual([90, 10]);
    expect(await pixel(await run(input, 'image/indexcrop,x_45,i_1'), 5, 5)).toEqual(blue);
  });

  it('indexcrop names what is wrong with a strip', async () => {
    const input = await halves(90, 40).png().toBuffer();
    const parameters = ['x_0', 'y_-1', 'x_91', 'y_41', 'i_1', 'x_a', 'y_a', 'x_10,i_-1'];

    const failures = await Promise.all(parameters.map((text) => failure(input, `image/indexcrop,${text}`)));

    const ecs = ['230', '230', '230', '230', '230', '223', '224', '229'];
    expect(failures).toMatchObject(ecs.map((ec) => ({ code: 'InvalidArgument', ec: `0040-00000${ec}` })));
  });
});

describe('flip', () => {
  it('flip turns upside down, left to right, or both', async () => {
    const corner = { create: { width: 10, height: 10, channels: 3 as const, background: '#0f0' } };
    const input = await halves(40, 40)
      .composite([{ input: corner, left: 0, top: 0 }])
      .png()
      .toBuffer();

    const places = await Promise.all(
      ['0', '1', '2'].map(async (axis) => {
        const body = await run(input, `image/flip,${axis}`);
        const corners = await Promise.all([pixel(body, 2, 37), pixel(body, 37, 2), pixel(body, 37, 37)]);
        return corners.map((color) => color[1] === 255);
      }),
    );

    expect(places).toEqual([
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ]);
  });

  it('flip mirrors what EXIF has turned upright', async () => {
    const input = await halves(40, 20).withMetadata({ orientation: 6 }).jpeg().toBuffer();

    const [plain, flipped] = [await run(input, 'image/resize,w_20'), await run(input, 'image/flip,0')];

    expect(await pixel(plain, 10, 4)).toEqual(near(red));
    expect(await pixel(flipped, 10, 4)).toEqual(near(blue));
  });

  it.each([
    'flip',
    'flip,3',
    'flip,horizontal',
    'contrast',
    'contrast,101',
    'bright,-101',
    'sharpen,49',
    'blur,s_5',
  ])('an action is refused whose value is missing or out of its range: %s', async (action) => {
    const input = await halves(40, 20).png().toBuffer();

    expect(await failure(input, `image/${action}`)).toMatchObject({
      statusCode: 400,
      code: 'InvalidArgument',
    });
  });
});
