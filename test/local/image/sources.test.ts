import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { animation, failure, halves, near, pixel, red, run } from './samples.ts';

const size = { width: 96, height: 64 };

/** The same red half and blue half in what cameras, scanners and editors make of it. */
const sources: Record<string, () => Promise<Buffer>> = {
  'a CMYK JPEG': () => halves(96, 64).toColourspace('cmyk').jpeg().toBuffer(),
  'a 16-bit PNG': () => halves(96, 64).toColourspace('rgb16').png().toBuffer(),
  'a palette PNG with alpha': () =>
    halves(96, 64).ensureAlpha(0.5).png({ palette: true, colours: 8 }).toBuffer(),
  'a wide-gamut JPEG': () => halves(96, 64).withIccProfile('p3').jpeg().toBuffer(),
  'a JPEG lying on its side': () =>
    halves(96, 64).rotate(270).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  'a TIFF': () => halves(96, 64).tiff({ compression: 'lzw' }).toBuffer(),
  'a BMP': async () => run(await halves(96, 64).png().toBuffer(), 'image/format,bmp'),
};

const styles = [
  'image/resize,w_96',
  'image/flip,0',
  'image/rounded-corners,r_4',
  'image/blur,r_1,s_1',
  'image/bright,0',
  'image/contrast,0',
  'image/sharpen,50',
  'image/rotate,360',
  'image/watermark,text_aGk,size_10,g_east',
  'image/watermark,image_bG9nby5wbmc,g_east',
];

describe('every action', () => {
  it.each(Object.keys(sources))('every action shows the colours of %s upright', async (name) => {
    const input = (await sources[name]?.()) ?? Buffer.alloc(0);
    const logo = await halves(4, 4).png().toBuffer();

    for (const style of styles) {
      const body = await run(input, `${style}/format,png`, { 'logo.png': logo });

      expect(await sharp(body).metadata(), style).toMatchObject(size);
      const [r = 0, g, b] = await pixel(body, 24, 32);
      // Red ink is not as bright as red light.
      expect(r, style).toBeGreaterThan(225);
      expect([g, b], style).toEqual([expect.closeTo(0, -1.5), expect.closeTo(0, -1.5)]);
    }
  });

  it.each([
    ['without alpha', 1, 128],
    // Half of the grey, on the white that a JPEG has in place of alpha.
    ['with alpha', 0.5, 191],
  ])('an action keeps size and grey of a grey picture %s', async (_, alpha, level) => {
    const grey = sharp({ create: { ...size, channels: 3, background: '#808080' } }).toColourspace('b-w');
    const input = await (alpha < 1 ? grey.ensureAlpha(alpha) : grey).png().toBuffer();
    const logo = await sharp(input).resize(4, 4).png().toBuffer();
    const sizes: Record<string, object> = {
      ...Object.fromEntries(styles.map((style) => [style, size])),
      'image/circle,r_40': { width: 63, height: 63 },
      'image/resize,m_pad,w_80,h_80': { width: 80, height: 80 },
    };

    for (const [style, expected] of Object.entries(sizes)) {
      const body = await run(input, `${style}/format,jpg`, { 'logo.png': logo });

      expect(await sharp(body).metadata(), style).toMatchObject({ format: 'jpeg', ...expected });
      const shade = expect.closeTo(level, -0.5);
      expect(await pixel(body, 24, 32), style).toEqual([shade, shade, shade]);
    }
  });

  const grey = () => sharp({ create: { ...size, channels: 3, background: '#666' } }).toColourspace('b-w');

  it.each([
    ['a JPEG', async () => grey().jpeg().toBuffer()],
    ['a PNG', async () => grey().png().toBuffer()],
    ['a PNG of 16 bits', async () => grey().toColourspace('grey16').png().toBuffer()],
    ['a PNG of 1 bit', async () => grey().threshold(40).png({ palette: true, colours: 2 }).toBuffer()],
    ['a PNG with alpha', async () => grey().ensureAlpha(1).png().toBuffer()],
    ['a TIFF', async () => grey().tiff().toBuffer()],
  ])('padding of %s without colours has the colour asked for', async (_, draw) => {
    const style = 'image/resize,m_pad,w_60,h_60,color_FF0000/format,png';
    const objects = { 'logo.png': await draw() };
    const logo = Buffer.from('logo.png?x-oss-process=image/resize,m_pad,w_60,h_60,color_FF0000').toString(
      'base64url',
    );

    const padded = await run(await draw(), style);
    const marked = await run(
      await halves(96, 64).png().toBuffer(),
      `image/watermark,image_${logo},g_nw,x_0,y_0`,
      objects,
    );

    expect((await pixel(padded, 2, 2)).slice(0, 3)).toEqual(red);
    expect((await pixel(marked, 2, 2)).slice(0, 3)).toEqual(red);
    expect((await pixel(padded, 30, 30)).slice(0, 3)).not.toEqual(red);
  });

  it('an action changes samples of 16 bits by the same share as samples of 8', async () => {
    const plain = () => sharp({ create: { ...size, channels: 3, background: '#646464' } });
    const shallow = await plain().png().toBuffer();
    const deep = await plain().toColourspace('rgb16').png().toBuffer();

    for (const style of [
      'image/bright,50',
      'image/bright,-50',
      'image/contrast,-100',
      'image/contrast,100',
    ]) {
      const expected = await pixel(await run(shallow, style), 5, 5);

      expect(await pixel(await run(deep, style), 5, 5), style).toEqual(expected);
    }
    expect(await pixel(await run(deep, 'image/bright,50'), 5, 5)).toEqual([150, 150, 150]);
  });

  it.each(['gif', 'webp'] as const)(
    'every action that cannot keep an animated %s still gives its first frame',
    async (format) => {
      const input = await animation(format);

      for (const style of styles.filter((text) => !/resize|image_/.test(text))) {
        const body = await run(input, style);

        expect((await sharp(body).metadata()).pages ?? 1, style).toBe(1);
        expect((await pixel(body, 5, 20)).slice(0, 3), style).toEqual(near(red));
      }
    },
  );
});

describe('a BMP source', () => {
  /** Two pixels by two, red and green above blue and white, with the given differences. */
  function bmp({ bits = 24, topDown = false, compression = 0 } = {}): Buffer {
    const rows = [
      [0, 0, 255, 0, 255, 0],
      [255, 0, 0, 255, 255, 255],
    ].map((row) => (bits === 24 ? [...row, 0, 0] : [...row.slice(0, 3), 9, ...row.slice(3), 9]));
    const header = Buffer.alloc(54);
    header.write('BM');
    header.writeUInt32LE(54, 10);
    header.writeUInt32LE(40, 14);
    header.writeInt32LE(2, 18);
    header.writeInt32LE(topDown ? -2 : 2, 22);
    header.writeUInt16LE(1, 26);
    header.writeUInt16LE(bits, 28);
    header.writeUInt32LE(compression, 30);
    return Buffer.concat([header, Buffer.from((topDown ? rows : rows.reverse()).flat())]);
  }

  it.each([{}, { topDown: true }, { bits: 32 }, { bits: 32, topDown: true }])(
    'a BMP source is read with %o',
    async (how) => {
      const raw = await sharp(await run(bmp(how), 'image/format,png'))
        .raw()
        .toBuffer();

      expect([...raw]).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]);
    },
  );

  it('a BMP source is read with a palette of 256 colours', async () => {
    const palette = Buffer.alloc(1024);
    palette.set([0, 0, 255, 0], 4 * 7); // blue, green, red
    const header = bmp().subarray(0, 54);
    header.writeUInt16LE(8, 28);
    header.writeUInt32LE(54 + 1024, 10);
    const rows = Buffer.from([7, 0, 0, 0, 0, 7, 0, 0]);

    const body = await run(Buffer.concat([header, palette, rows]), 'image/format,png');

    expect([...(await sharp(body).raw().toBuffer())]).toEqual([0, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0]);
  });

  it('a BMP source keeps its alpha and its format', async () => {
    const clear = await sharp({ create: { ...size, channels: 4, background: '#10203040' } })
      .png()
      .toBuffer();

    const twice = await run(await run(clear, 'image/format,bmp'), 'image/flip,1');
    const back = await run(twice, 'image/format,png');

    expect(twice.toString('latin1', 0, 2)).toBe('BM');
    expect(await pixel(back, 10, 10)).toEqual([0x10, 0x20, 0x30, 0x40]);
  });

  it('a BMP source may lack the padding of its last row, and no pixel', async () => {
    const whole = bmp();

    expect(await failure(whole.subarray(0, -2), 'image/format,png')).toBe('no failure');
    expect(await failure(whole.subarray(0, -3), 'image/format,png')).toMatchObject({
      code: 'BadRequest',
      message: expect.stringContaining('may be damaged'),
    });
  });

  it('a BMP source is refused when it breaks off, lies about its size, or is compressed', async () => {
    const liar = bmp();
    liar.writeInt32LE(29_000, 18);
    liar.writeInt32LE(8000, 22);

    const failures = await Promise.all(
      [bmp().subarray(0, 30), bmp().subarray(0, 54), liar, bmp({ bits: 8, compression: 1 })].map((input) =>
        failure(input, 'image/format,png'),
      ),
    );

    const damaged = { code: 'BadRequest', message: expect.stringContaining('may be damaged') };
    expect(failures).toMatchObject([damaged, damaged, damaged, { code: 'NotImplemented' }]);
  });
});
