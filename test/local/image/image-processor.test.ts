import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createImageProcessor } from '../../../src/local/image/image-processor.ts';
import { prepareImage, processImage } from '../../../src/local/image/process-image.ts';
import { halves, request } from './samples.ts';

describe('images of a server', () => {
  it('images are processed so many at once, the others not even read, and one that fails makes room', async () => {
    const picture = await halves(20, 20).png().toBuffer();
    const process = createImageProcessor(2);
    const read: { index: number; finish: (source: Buffer) => void }[] = [];
    const ask = (index: number) => {
      const readSource = () => new Promise<Buffer>((finish) => read.push({ index, finish }));
      return process({ ...request(picture, 'image/resize,w_10'), readSource });
    };

    const answers = [0, 1, 2, 3, 4].map((index) => ask(index).then(String, ({ code }) => code));
    const started: number[][] = [];
    for (const sources of [[Buffer.from('no image'), picture], [picture, picture], [picture]]) {
      while (read.length < sources.length) {
        await setImmediate();
      }
      await setImmediate();
      started.push(read.map(({ index }) => index));
      for (const source of sources) {
        read.shift()?.finish(source);
      }
    }

    expect((await Promise.all(answers)).map((answer) => answer === 'BadRequest')).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(started).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('small images of a server are worked on while large ones wait for each other', async () => {
    const small = await halves(20, 20).jpeg().toBuffer();
    const large = Buffer.from(small);
    large.writeUInt32BE(0x1f40_1f40, large.indexOf(Buffer.from([0xff, 0xc0])) + 5); // 8,000 x 8,000
    const process = createImageProcessor(2);
    const reads: string[] = [];
    const working: (() => void)[] = [];
    const ask = async (name: string, source: Buffer) => {
      const readSource = async () => {
        const isFirst = !reads.includes(name);
        reads.push(name);
        return isFirst ? source : new Promise<Buffer>((go) => working.push(() => go(source)));
      };
      return process({ ...request(source, 'image/info'), readSource });
    };

    const both = Promise.all([ask('a', large), ask('b', large)]);
    await ask('small', small);

    for (const count of [4, 5]) {
      while (working.length === 0) {
        await setImmediate();
      }
      expect(reads).toHaveLength(count);
      working.pop()?.();
    }
    expect(await both).toHaveLength(2);
  });

  it('images of a server are given up, by name, where their actions take longer than 20 s', async () => {
    const picture = await halves(20, 20).png().toBuffer();
    let nowMs = 0;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => (nowMs += 3_000));
    onTestFinished(() => clock.mockRestore());

    const short = processImage(request(picture, `image${'/blur,r_1,s_1'.repeat(6)}`));
    await expect(short).resolves.toMatchObject({ contentType: 'image/png' });
    const long = processImage(request(picture, `image${'/blur,r_1,s_1'.repeat(300)}`));

    await expect(long).rejects.toMatchObject({
      statusCode: 501,
      message: expect.stringMatching(/more than 20 s on one picture \(action 7, blur\)/),
    });
  });

  it('images of a server count with the images of their watermarks', async () => {
    const [picture, logo] = [await halves(20, 20).png().toBuffer(), await halves(40, 20).png().toBuffer()];
    const style = `image/watermark,image_${Buffer.from('logo').toString('base64url')}`;

    const { pixels } = await prepareImage(request(picture, style, { logo }));

    expect(pixels).toBe(400 + 800);
  });
});
