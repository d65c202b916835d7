import { type Action, cutOut } from '../picture.ts';

/**
 * A circle around the centre, in a square of 2r + 1; at most the largest that fits, whose radius is (short side - 1) / 2
 * (the newer page; that of 2021 takes half the short side).
 */
export const circle: Action = (picture, { numbers: { r = 1 } }) => {
  const radius = Math.min(r, Math.floor((Math.min(picture.width, picture.height) - 1) / 2));
  const side = 2 * radius + 1;
  const left = Math.floor((picture.width - side) / 2);
  const top = Math.floor((picture.height - side) / 2);
  const square = picture.open().extract({ left, top, width: side, height: side });
  return cutOut(picture, square, { width: side, height: side }, side / 2);
};
