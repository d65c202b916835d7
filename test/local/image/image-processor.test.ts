import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createImageProcessor, createSchedule } from '../../../src/local/image/image-processor.ts';
import { processImage } from '../../../src/local/image/process-image.ts';
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

  it('images of a server are worked on one after the other where they are large, small ones beside them', async () => {
    const schedule = createSchedule();
    const result = { body: Buffer.alloc(0), contentType: 'image/png' };
    const running: { name: string; finish: () => void }[] = [];
    const work = (name: string, pixels: number) =>
      schedule(pixels, () => new Promise((done) => running.push({ name, finish: () => done(result) })));

    const all = [
      work('a', 250_000_000),
      work('b', 250_000_000),
      work('c', 60_000_000),
      work('small', 1_000_000),
    ];
    const order: string[][] = [];
    while (order.length < 3) {
      await setImmediate();
      order.push(running.map(({ name }) => name).sort());
      running.splice(0).forEach(({ finish }) => {
        finish();
      });
      await setImmediate();
    }

    expect(order).toEqual([['a', 'small'], ['b'], ['c']]);
    await Promise.all(all);
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
    const counts: number[] = [];

    await processImage(request(picture, style, { logo }), (pixels, work) => {
      counts.push(pixels);
      return work();
    });

    expect(counts).toEqual([400 + 800]);
  });
});
