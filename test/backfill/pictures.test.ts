import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { createImageProcessor } from '../../src/local/image/image-processor.ts';
import { createIo, localEnvironment } from '../cli/terminal.ts';
import { startOss, temporaryDir } from '../local/oss/running-oss.ts';

const count = Number(process.env.BACKFILL_PICTURES ?? 40);
const timeoutMs = 60_000 + count * 600;

const rulesText = `rules:
  - name: small
    match: { key: "uploads/**/*.{jpg,png}", bucket: photos }
    outputs:
      - style: image/resize,w_{w}/format,webp
        vary: { w: [8, 16] }
        target: { key: "small/{dir}/{base}-{w}.webp" }
`;

/** No two of 4,096 pictures have one colour, and none the proportions of all others. */
function pictureOf(number: number) {
  const [r, g, b] = [number % 16, Math.floor(number / 16) % 16, Math.floor(number / 256)].map(
    (step) => step * 17,
  );
  return { width: 32, height: 16 + (number % 5) * 16, background: { r: r ?? 0, g: g ?? 0, b: b ?? 0 } };
}

it(
  `each output of ${count} real pictures shows its own picture`,
  async () => {
    const oss = await startOss({ processImage: createImageProcessor() });
    const keyOf = (number: number) =>
      `uploads/ord ner+${number % 7}/照片 ${number}.${number % 2 === 0 ? 'png' : 'jpg'}`;
    for (let number = 0; number < count; number += 1) {
      const picture = sharp({ create: { ...pictureOf(number), channels: 3 } });
      const body = await (number % 2 === 0 ? picture.png() : picture.jpeg()).toBuffer();
      await oss.call({ method: 'PUT', bucket: 'photos', key: keyOf(number), body });
    }
    const dir = await temporaryDir();
    await writeFile(join(dir, 'rules.yaml'), rulesText);
    const { io, written } = createIo(localEnvironment(oss.port));

    await main(['backfill', '--yes', '--rate', '1000', '--rules', join(dir, 'rules.yaml')], io);

    expect(written.out).toContain(`${(2 * count).toLocaleString('en')} saved, 0 failed. Finished.`);
    for (let number = 0; number < count; number += 1) {
      const { height, background } = pictureOf(number);
      for (const width of [8, 16]) {
        const key = `small/${keyOf(number)}-${width}.webp`;
        const { statusCode, body } = await oss.call({ method: 'GET', bucket: 'photos', key });
        expect([key, statusCode]).toEqual([key, 200]);
        const { data, info } = await sharp(body).removeAlpha().raw().toBuffer({ resolveWithObject: true });
        expect([key, info.width, info.height]).toEqual([key, width, (height * width) / 32]);
        const distance = [background.r, background.g, background.b].map((value, i) =>
          Math.abs(value - (data[i] ?? 0)),
        );
        expect([key, Math.max(...distance) < 9]).toEqual([key, true]);
      }
    }
  },
  timeoutMs,
);
