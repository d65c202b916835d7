import { refusals } from '../../../style/catalog.ts';
import { type Action, settle } from '../picture.ts';
import { refuse } from '../refuse.ts';

/**
 * One of the strips of x (upright) or y (lying) pixels that the picture is cut into; y wins. A strip that does not exist
 * leaves the picture as it is (OSS help: "Indexed slice"). The last strip may be narrower.
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
