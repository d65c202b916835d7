import { placeAt } from '../gravity.ts';
import { type Action, cutOut } from '../picture.ts';

/** Cuts out a central circle of 2r + 1 px; r is at most (short side - 1) / 2 (a page of 2021: half of it). */
export const circle: Action = (picture, { numbers: { r = 1 } }) => {
  const radius = Math.min(r, Math.floor((Math.min(picture.width, picture.height) - 1) / 2));
  const square = { width: 2 * radius + 1, height: 2 * radius + 1 };
  const { left, top } = placeAt('center', picture, square);
  return cutOut(picture, picture.open().extract({ left, top, ...square }), square, radius + 0.5);
};

/** Rounds the corners; a radius of more than half the short side counts as half of it. */
export const roundedCorners: Action = (picture, { numbers: { r = 1 } }) =>
  cutOut(picture, picture.open(), picture, Math.min(r, picture.width / 2, picture.height / 2));
