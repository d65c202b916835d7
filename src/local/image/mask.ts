import type { Sharp } from 'sharp';
import { defineAction, integer } from './action.ts';
import { settle } from './picture.ts';

/** What is cut away is transparent, and so white in a JPEG (OSS help: "Circle crop" and "Rounded rectangle"). */
function cutOut(pipeline: Sharp, width: number, height: number, shape: string): Sharp {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shape}</svg>`;
  return pipeline.composite([{ input: Buffer.from(svg), blend: 'dest-in' }]);
}

/**
 * A circle around the centre, in a square of 2r + 1; at most the largest that fits, whose radius is (short side - 1) / 2
 * (the newer page; that of 2021 takes half the short side).
 */
export const circle = defineAction({
  parameters: { r: integer(1, 4096, '0040-00000233') },
  missing: '0040-00000233',
  apply: (picture, { r = 1 }) => {
    const radius = Math.min(r, Math.floor((Math.min(picture.width, picture.height) - 1) / 2));
    const side = 2 * radius + 1;
    const left = Math.floor((picture.width - side) / 2);
    const top = Math.floor((picture.height - side) / 2);
    const square = picture.open().extract({ left, top, width: side, height: side });
    const shape = `<circle cx="${side / 2}" cy="${side / 2}" r="${side / 2}"/>`;
    return settle({ ...picture, hasAlpha: true }, cutOut(square, side, side, shape));
  },
});

/** A radius over half the short side is that half. */
export const roundedCorners = defineAction({
  parameters: { r: integer(1, 4096, '0040-00000237') },
  missing: '0040-00000237',
  apply: (picture, { r = 1 }) => {
    const { width, height } = picture;
    const radius = Math.min(r, Math.min(width, height) / 2);
    const shape = `<rect width="${width}" height="${height}" rx="${radius}"/>`;
    return settle({ ...picture, hasAlpha: true }, cutOut(picture.open(), width, height, shape));
  },
});
