import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createImageProcessor } from '../../../src/local/image/image-processor.ts';
import { halves, request } from './samples.ts';

describe('images of a server', () => {
  it('are processed so many at once, the others not even read, and one that fails makes room', async () => {
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
});
