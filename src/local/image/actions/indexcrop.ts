import { refusals } from '../../../style/catalog.ts';
import { type Action, settle } from '../picture.ts';
import { refuse } from '../refuse.ts';

/**
 * Cuts the picture into upright strips of x pixels, or lying ones of y, and keeps the ith; y wins. A missing
 * strip changes nothing (OSS help: "Indexed slice"). The last strip may be narrower.
 */
export const indexcrop: Action = (picture, { numbers: { x = 1, y, i = 0 } }) => {
  const { width, height } = picture;
  const [strip, side] = y === undefined ? [x, width] : [y, height];
  if (strip > side) {
    throw refuse(refusals.strip, `${strip} of ${side}`);
  }
  const start = strip * i;
  if (start >= side) {
    return picture;
  }
  const length = Math.min(strip, side - start);
  const upright = { left: start, top: 0, width: length, height };
  const lying = { left: 0, top: start, width, height: length };
  return settle(picture, picture.open().extract(y === undefined ? upright : lying));
};
