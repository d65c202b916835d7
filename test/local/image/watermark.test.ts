import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { failure, run } from './samples.ts';

describe('a text watermark', () => {
  const hello = 'text_SGVsbG8gV29ybGQ';
  const ground = () =>
    sharp({ create: { width: 400, height: 300, channels: 3, background: '#ffffff' } })
      .png()
      .toBuffer();

  /** Distances of what is not white from the four edges. */
  async function margins(body: Buffer) {
    const { info } = await sharp(body)
      .trim({ background: '#ffffff', threshold: 1 })
      .toBuffer({ resolveWithObject: true });
    const [left, top] = [-(info.trimOffsetLeft ?? 0), -(info.trimOffsetTop ?? 0)];
    return { left, top, right: 400 - info.width - left, bottom: 300 - info.height - top };
  }

  it('a text watermark stands ten pixels from the bottom right corner unless told otherwise', async () => {
    const body = await run(await ground(), `image/watermark,${hello}`);

    expect(await margins(body)).toMatchObject({
      right: expect.closeTo(10, -0.4),
      bottom: expect.closeTo(10, -0.4),
    });
  });

  it('a text watermark stands where gravity and margins say', async () => {
    const northWest = await margins(await run(await ground(), `image/watermark,${hello},g_nw,x_30,y_50`));
    const west = await margins(await run(await ground(), `image/watermark,${hello},g_west,x_30,y_50`));
    const lower = await margins(await run(await ground(), `image/watermark,${hello},g_west,x_30,voffset_40`));

    expect(northWest).toMatchObject({ left: expect.closeTo(30, -0.4), top: expect.closeTo(50, -0.4) });
    expect(west.top).toBeCloseTo(west.bottom, -0.4);
    expect(lower.top).toBe(west.top + 40);
  });

  it('a text watermark has the colour and opacity asked for', async () => {
    const full = await sharp(
      await run(await ground(), `image/watermark,${hello},size_100,color_0000FF`),
    ).stats();
    const half = await sharp(
      await run(await ground(), `image/watermark,${hello},size_100,color_0000FF,t_50`),
    ).stats();

    expect(full.channels.map(({ min }) => min)).toEqual([0, 0, 255]);
    expect(half.channels.map(({ min }) => min)).toEqual([
      expect.closeTo(127, -0.5),
      expect.closeTo(127, -0.5),
      255,
    ]);
  });

  it('a text watermark leaves a shadow, turns, and covers the whole picture, each only when asked', async () => {
    const dark = async (more: string) => {
      const body = await run(await ground(), `image/watermark,${hello},color_FF0000,g_center${more}`);
      const { channels } = await sharp(body).stats();
      return { red: channels[0]?.min ?? 0, ...(await margins(body)) };
    };

    const [plain, shadowed, turned, tiled] = [
      await dark(''),
      await dark(',shadow_80'),
      await dark(',rotate_90'),
      await dark(',fill_1,padx_5,pady_5'),
    ];

    expect(plain.red).toBe(255);
    expect(shadowed.red).toBeLessThan(150);
    expect(turned.top).toBeLessThan(plain.top);
    expect(turned.left).toBeGreaterThan(plain.left);
    expect(tiled.right + tiled.bottom).toBeLessThan(20);
  });

  it('a text watermark larger than the picture is cut at its edges', async () => {
    const body = await run(await ground(), `image/watermark,${hello},size_500,fill_1`);
    const off = await run(await ground(), `image/watermark,${hello},size_300,g_nw,x_399,y_299`);

    expect(await sharp(body).metadata()).toMatchObject({ width: 400, height: 300 });
    expect(await sharp(off).metadata()).toMatchObject({ width: 400, height: 300 });
  });

  it.each(['', ',fill_1', `,image_${Buffer.from('tall').toString('base64url')}`])(
    'a text watermark may have more pixels before it is cut than sharp opens unasked%s',
    async (more) => {
      const wide = Buffer.from('W'.repeat(more.includes('image') ? 10 : 24)).toString('base64url');
      const tall = { create: { width: 1, height: 30_000, channels: 3, background: '#000' } } as const;
      const turn = more.includes('image') ? 0 : 45;
      const style = `image/watermark,text_${wide},size_1000,rotate_${turn},g_nw,align_0${more}`;

      const body = await run(await ground(), style, { tall: await sharp(tall).png().toBuffer() });

      expect(await sharp(body).metadata()).toMatchObject({ width: 400, height: 300 });
    },
  );

  it('a text watermark may hold what markup gives a meaning, be blank, or be wholly transparent', async () => {
    const text = (value: string) => `text_${Buffer.from(value).toString('base64url')}`;
    const plain = await ground();

    const marked = await run(plain, `image/watermark,${text('<b>&amp;\u0000\n')}`);
    const blank = await run(plain, `image/watermark,${text('  ')}`);
    const clear = await run(plain, `image/watermark,${hello},t_0`);

    expect((await sharp(marked).stats()).channels[0]?.min).toBe(0);
    expect((await sharp(blank).stats()).channels[0]?.min).toBe(255);
    expect((await sharp(clear).stats()).channels[0]?.min).toBe(255);
  });

  it.each(['\n', '\r\n', '\u0085', '\u2028', '\u2029'])(
    'a text watermark stays on one line with %j in it',
    async (separator) => {
      const heightOf = async (text: string) => {
        const encoded = Buffer.from(text).toString('base64url');
        const { top, bottom } = await margins(await run(await ground(), `image/watermark,text_${encoded}`));
        return 300 - top - bottom;
      };

      expect(await heightOf(`x${separator}x`)).toBe(await heightOf('x x'));
    },
  );

  it.each(['\u200b', '\u00ad', '\u2800', '\u3164', '\u115f', '\u2800\u200b\u3164'])(
    'a text watermark without ink changes nothing: %j',
    async (text) => {
      const plain = await ground();
      const encoded = Buffer.from(text).toString('base64url');

      const marked = await run(plain, `image/watermark,text_${encoded},shadow_50,rotate_45`);

      expect((await sharp(marked).stats()).channels[0]?.min).toBe(255);
    },
  );

  it('a text watermark is refused where it is wider than a picture may be', async () => {
    const encoded = Buffer.from('W'.repeat(60)).toString('base64url');

    const error = await failure(await ground(), `image/watermark,text_${encoded},size_1000`);

    expect(error).toMatchObject({ statusCode: 400, code: 'WatermarkError' });
  });

  it('a text watermark is the same in Base64 of the standard alphabet with padding, and of the URL-safe one', async () => {
    const text = Buffer.from('~~>~~~???>');
    const standard = text.toString('base64').replaceAll('/', '_');

    const asStandard = await run(await ground(), `image/watermark,text_${standard}`);
    const asUrlSafe = await run(await ground(), `image/watermark,text_${text.toString('base64url')}`);
    const asOther = await run(await ground(), `image/watermark,${hello}`);

    expect(standard).toMatch(/\+.*=$/);
    expect(asStandard.equals(asUrlSafe)).toBe(true);
    expect(asStandard.equals(asOther)).toBe(false);
  });

  it('a text watermark is refused when it is no Base64, no text, too long, or in an unknown font', async () => {
    const input = await ground();
    const long = Buffer.from('a'.repeat(65)).toString('base64url');

    const failures = await Promise.all(
      ['text_A', 'text_%21', 'text__w', `text_${long}`, 'x_1', `${hello},type_QXJpYWw`].map((parameters) =>
        failure(input, `image/watermark,${parameters}`),
      ),
    );

    expect(failures).toMatchObject([
      { code: 'BadRequest', message: 'Input is not base64 decoding.', ec: '0040-00000257' },
      { code: 'BadRequest', ec: '0040-00000257' },
      { code: 'BadRequest', ec: '0040-00000257' },
      { code: 'InvalidArgument', message: 'font content is too large' },
      { code: 'InvalidArgument', ec: '0040-00000278' },
      { code: 'InvalidArgument', message: 'The value: Arial of parameter: type is invalid.' },
    ]);
  });
});
