import sharp from 'sharp';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { prepareImage } from '../../../src/local/image/process-image.ts';
import { animation, blue, failure, halves, near, pixel, red, request, run, white } from './samples.ts';

const plain = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();
const ground = () => plain(200, 100, '#fff');
const encoded = (text: string) => Buffer.from(text).toString('base64url');
const image = (text: string) => `image_${encoded(text)}`;

/** The box around all that is not white: left, top, width, height. */
async function box(body: Buffer): Promise<number[]> {
  const { info } = await sharp(body)
    .trim({ background: '#ffffff', threshold: 20 })
    .toBuffer({ resolveWithObject: true });
  return [Math.abs(info.trimOffsetLeft ?? 0), Math.abs(info.trimOffsetTop ?? 0), info.width, info.height];
}

/** The box of a watermark on white, 200 x 100; `logo.png` is red and 40 x 20. */
async function boxOf(parameters: string): Promise<number[]> {
  const objects = { 'logo.png': await plain(40, 20, '#f00') };
  return box(await run(await ground(), `image/watermark,${parameters}`, objects));
}

describe('an image watermark', () => {
  it.each([
    ['', [150, 70]],
    [',g_nw,x_5,y_7', [5, 7]],
    [',g_north,x_50,y_0', [80, 0]],
    [',g_ne', [150, 10]],
    [',g_west,x_0', [0, 40]],
    [',g_center,voffset_15', [80, 55]],
    [',g_east,voffset_-15', [150, 25]],
    [',g_sw,y_30', [10, 50]],
    [',g_south', [80, 70]],
  ])('an image watermark stands in its place with "%s"', async (more, [left, top]) => {
    expect(await boxOf(`${image('logo.png')}${more}`)).toEqual([left, top, 40, 20]);
  });

  it.each([
    ['resize,w_20', [170, 80, 20, 10]],
    ['resize,P_10', [170, 80, 20, 10]],
    ['resize,P_50', [90, 40, 100, 50]],
    ['crop,w_10,h_5', [180, 85, 10, 5]],
    ['indexcrop,x_25,i_1', [175, 70, 15, 20]],
    ['rotate,90', [170, 50, 20, 40]],
    ['resize,w_20/rotate,90', [180, 70, 10, 20]],
  ])('an image watermark is prepared by %s first', async (actions, expected) => {
    expect(await boxOf(image(`logo.png?x-oss-process=image/${actions}`))).toEqual(expected);
  });

  it('an image watermark is as large as P says for the picture as it is at that step', async () => {
    const objects = { 'logo.png': await plain(40, 40, '#f00') };
    const style = `image/resize,w_100/watermark,${image('logo.png?x-oss-process=image/resize,P_20')},x_0,y_0`;

    expect(await box(await run(await plain(200, 200, '#fff'), style, objects))).toEqual([80, 80, 20, 20]);
  });

  it('an image watermark shows the picture through its own transparency and through t', async () => {
    const clear = await sharp(await plain(40, 20, '#000'))
      .ensureAlpha(0.5)
      .png()
      .toBuffer();

    const style = `image/watermark,${image('logo.png')},g_nw,x_0,y_0`;
    const half = await run(await ground(), style, { 'logo.png': clear });
    const quarter = await run(await ground(), `${style},t_50`, { 'logo.png': clear });
    const turned = await run(
      await ground(),
      `image/watermark,${image('logo.png?x-oss-process=image/rotate,45')},g_nw,x_0,y_0`,
      { 'logo.png': await plain(40, 40, '#000') },
    );

    expect(await pixel(half, 5, 5)).toEqual([127, 127, 127]);
    expect((await pixel(quarter, 5, 5))[0]).toBeCloseTo(192, -0.8);
    expect([await pixel(turned, 2, 2), await pixel(turned, 28, 28)]).toEqual([white, [0, 0, 0]]);
  });

  it('an image watermark tiles the picture with gaps', async () => {
    const objects = { 'logo.png': await plain(40, 20, '#f00') };

    const body = await run(
      await ground(),
      `image/watermark,${image('logo.png')},fill_1,padx_10,pady_5`,
      objects,
    );

    const at = (left: number, top: number) => pixel(body, left, top);
    expect(await Promise.all([at(0, 0), at(45, 0), at(51, 0), at(199, 0), at(0, 22), at(0, 26)])).toEqual([
      red,
      white,
      red,
      white,
      white,
      red,
    ]);
  });

  it.each([',g_sw,x_0,y_0', ',fill_1'])(
    'an image watermark stays on every frame of an animation with "%s"',
    async (more) => {
      const objects = { 'logo.png': await plain(10, 40, '#fff') };

      const body = await run(await animation('gif'), `image/watermark,${image('logo.png')}${more}`, objects);

      const pages = [0, 1, 2].map((page) => sharp(body, { page }).removeAlpha().raw().toBuffer());
      const lowerLeft = (await Promise.all(pages)).map((data) => [
        ...data.subarray(39 * 60 * 3, 39 * 60 * 3 + 3),
      ]);
      expect((await sharp(body).metadata()).pages).toBe(3);
      expect(lowerLeft).toEqual([white, white, white]);
    },
  );

  it('an image watermark is opened once for an animation, not again for each of its frames', async () => {
    const frame = sharp({ create: { width: 8, height: 8, channels: 3, background: '#000' } });
    const frames: Buffer[] = Array(2000).fill(await frame.png().toBuffer());
    const input = await sharp(frames, { join: { animated: true } })
      .gif({ keepDuplicateFrames: true })
      .toBuffer();
    const composite = vi.spyOn(sharp.prototype, 'composite');
    onTestFinished(() => composite.mockRestore());

    const body = await run(input, `image/watermark,${image('a')},g_nw,x_2,y_2`, {
      a: await plain(2, 2, '#fff'),
    });

    expect(composite.mock.calls.flatMap(([layers]) => layers).length).toBeLessThan(5);
    for (const page of [0, 1000, 1999]) {
      const { data } = await sharp(body, { page }).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      expect([...data.subarray((3 * 8 + 3) * 3, (3 * 8 + 5) * 3)]).toEqual([255, 255, 255, 0, 0, 0]);
    }
  });

  it('an image watermark is read once, however often and in however many ways it is laid on', async () => {
    const logo = await plain(9, 9, '#f00');
    const mark = (turn: number) =>
      `watermark,${image(`a?x-oss-process=image/rotate,${turn}`)},g_nw,x_${turn}`;
    const reads: string[] = [];
    const readObject = async (key: string) => {
      reads.push(key);
      return logo;
    };

    const style = `image/${[0, 90, 180].map(mark).join('/')}`;
    const prepared = await prepareImage({ ...request(await ground(), style), readObject });
    const { body } = await prepared.run();

    expect(reads).toEqual(['a']);
    expect(prepared.pixels).toBe(200 * 100 + 81);
    expect(await box(body)).toEqual([0, 10, 189, 9]);
  });

  it('an image watermark makes an animation still once it has text', async () => {
    const objects = { 'logo.png': await plain(10, 10, '#fff') };

    const body = await run(
      await animation('gif'),
      `image/watermark,${image('logo.png')},text_aGk,size_8`,
      objects,
    );

    expect((await sharp(body).metadata()).pages ?? 1).toBe(1);
  });

  it('an image watermark may have any name, also one with a question mark', async () => {
    const key = '标志 +%{}|,"?x=1/a/../b😀.png';

    const body = await run(
      await ground(),
      `image/watermark,${image(`${key}?x-oss-process=image/resize,w_20`)}`,
      {
        [key]: await plain(40, 20, '#00f'),
      },
    );

    expect(await pixel(body, 180, 85)).toEqual(blue);
  });

  it('an image watermark may be a JPEG that lies on its side, or a BMP', async () => {
    const sideways = await halves(40, 20).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer();
    const bmp = await run(await plain(40, 20, '#00f'), 'image/format,bmp');
    const style = `image/watermark,${image('logo')},g_nw,x_0,y_0`;

    const [upright, read] = [
      await run(await ground(), style, { logo: sideways }),
      await run(await ground(), style, { logo: bmp }),
    ];

    expect(await box(upright)).toEqual([0, 0, 20, 40]);
    expect(await pixel(upright, 10, 5)).toEqual(near(red));
    expect(await pixel(read, 5, 5)).toEqual(blue);
  });
});

describe('an image and a text together', () => {
  /** A block of text as dark box: its bounds beside the red logo of 40 x 60. */
  async function bounds(more: string) {
    const objects = { 'logo.png': await plain(40, 60, '#f00') };
    const style = `image/watermark,${image('logo.png')},text_${encoded('H')},size_30,g_nw,x_0,y_0${more}`;
    const body = await run(await ground(), style, objects);
    const { data, info } = await sharp(body).raw().toBuffer({ resolveWithObject: true });
    const dark = Array.from({ length: info.width * info.height }, (_, at) => at).filter(
      (at) => (data[at * 3] ?? 0) < 60,
    );
    const [xs, ys] = [dark.map((at) => at % info.width), dark.map((at) => Math.floor(at / info.width))];
    return {
      left: Math.min(...xs),
      top: Math.min(...ys),
      bottom: Math.max(...ys),
      redAt: await pixel(body, 2, 30),
    };
  }

  it('an image and a text together stand side by side, the image first, bottoms in line', async () => {
    const { left, bottom } = await bounds('');

    expect(left).toBeGreaterThanOrEqual(40);
    expect(bottom).toBeCloseTo(59, -0.5);
  });

  it('an image and a text together change places by order, move apart by interval, and line up by align', async () => {
    const [plainly, apart, textFirst] = [
      await bounds(''),
      await bounds(',interval_25'),
      await bounds(',order_1'),
    ];
    const [top, middle] = [await bounds(',align_0'), await bounds(',align_1')];

    expect(apart.left - plainly.left).toBe(25);
    expect(textFirst.left).toBeLessThan(10);
    expect(plainly.redAt).toEqual(red);
    expect(textFirst.redAt).not.toEqual(red);
    expect(top.top).toBeLessThan(3);
    expect(middle.top + middle.bottom).toBeCloseTo(59, -0.7);
  });
});

describe('an image watermark is refused', () => {
  it.each([
    ['that is no Base64', 'image_%25', {}, { code: 'BadRequest', ec: '0040-00000265' }],
    ['without a name', 'image_', {}, { ec: '0040-00000265' }],
    ['that does not exist', image('none.png'), {}, { code: 'WatermarkError', ec: '0040-00000025' }],
    ['that is no image', image('a.txt'), { 'a.txt': Buffer.from('text') }, { ec: '0040-00000027' }],
    [
      'with a watermark of its own',
      image('a?x-oss-process=image/watermark,text_aGk'),
      {},
      { ec: '0040-00000373' },
    ],
    ['with info', image('a?x-oss-process=image/info'), {}, { ec: '0040-00000374' }],
    ['with another action', image('a?x-oss-process=image/blur,r_1,s_1'), {}, { code: 'InvalidArgument' }],
    ['with P out of range', image('a?x-oss-process=image/resize,P_101'), {}, { code: 'InvalidArgument' }],
    ['with an unknown align', `${image('a')},align_3`, {}, { ec: '0040-00000271' }],
    ['with an unknown order', `${image('a')},order_2`, {}, { ec: '0040-00000269' }],
    ['with too large an interval', `${image('a')},interval_1001`, {}, { ec: '0040-00000270' }],
  ])(
    'an image watermark is refused: %s',
    async (_, parameters, objects: Record<string, Buffer>, expected) => {
      const error = await failure(await ground(), `image/watermark,${parameters}`, objects);

      expect(error).toMatchObject({ statusCode: 400, ...expected });
    },
  );

  it('an image watermark is refused where it is a GIF', async () => {
    const objects = { 'a.gif': await animation('gif') };

    expect(await failure(await ground(), `image/watermark,${image('a.gif')}`, objects)).toMatchObject({
      code: 'WatermarkError',
      ec: '0040-00000027',
    });
  });

  it.each(['png', 'jpeg', 'webp'] as const)(
    'an image watermark is refused where its pixels are damaged: %s',
    async (format) => {
      const sound = await halves(60, 60).toFormat(format).toBuffer();
      const half = Math.floor(sound.length / 2);
      const objects = { damaged: Buffer.concat([sound.subarray(0, half), Buffer.alloc(half)]) };
      const fail = async (name: string) => failure(await ground(), `image/watermark,${image(name)}`, objects);

      const styles = ['resize,w_20', 'resize,P_10', 'crop,x_30,y_30', 'rotate,20'];
      for (const name of ['damaged', ...styles.map((style) => `damaged?x-oss-process=image/${style}`)]) {
        expect(await fail(name), name).toMatchObject({
          code: 'WatermarkError',
          ec: '0040-00000027',
          message: expect.stringContaining('(damaged)'),
        });
      }
    },
  );

  it('the fourth different image watermark is refused, but not the same one again', async () => {
    const logo = await plain(10, 10, '#f00');
    const objects = { a: logo, b: logo, c: logo, d: logo };
    const style = (keys: string[]) =>
      `image/${keys.map((key, x) => `watermark,${image(key)},x_${x * 20}`).join('/')}`;

    const four = await failure(await ground(), style(['a', 'b', 'c', 'd']), objects);
    const repeated = await run(await ground(), style(['a', 'b', 'c', 'a', 'b']), objects);

    expect(four).toMatchObject({ code: 'WatermarkError', ec: '0040-00000026' });
    expect((await box(repeated)).slice(2)).toEqual([90, 10]);
  });
});
