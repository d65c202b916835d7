import { refusals } from '../../../style/catalog.ts';
import { notImplemented } from '../../oss/http/errors.ts';
import { placeAt } from '../gravity.ts';
import { type Action, settle } from '../picture.ts';
import { refuse } from '../refuse.ts';

/**
 * Cuts w x h at the place given by gravity, x and y (OSS help: "Custom crop"). Edges clip it, so `g_se` with
 * x, y gives a smaller picture. Assumed: w or h of 0, or larger than the picture, means the whole side.
 */
export const crop: Action = (picture, { numbers: { w, h, x = 0, y = 0 }, texts: { g = 'nw' } }) => {
  if (g === 'face' || g === 'auto') {
    throw notImplemented(`image/crop with g_${g}, which needs an IMM project`);
  }
  const wanted = {
    width: Math.min(w || picture.width, picture.width),
    height: Math.min(h || picture.height, picture.height),
  };
  const origin = placeAt(g, picture, wanted);
  const [left, top] = [origin.left + x, origin.top + y];
  if (left >= picture.width || top >= picture.height) {
    throw refuse(refusals.cropOutside);
  }
  const width = Math.min(wanted.width, picture.width - left);
  const height = Math.min(wanted.height, picture.height - top);
  return settle(picture, picture.open().extract({ left, top, width, height }));
};

/**
 * Cuts the picture into vertical strips of x pixels, or horizontal ones of y, and keeps the ith; y takes
 * precedence. A missing strip changes nothing (OSS help: "Indexed slice"). The last strip may be narrower.
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
