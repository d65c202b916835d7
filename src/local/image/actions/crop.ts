import { refusals } from '../../../style/catalog.ts';
import { notImplemented } from '../../oss/http/errors.ts';
import { placeAt } from '../gravity.ts';
import { type Action, settle } from '../picture.ts';
import { refuse } from '../refuse.ts';

/**
 * Cuts w x h from where gravity, x and y say (OSS help: "Custom crop"). Edges clip it, so `g_se` with x, y
 * gives a smaller picture. It is assumed that w or h of 0, or beyond the picture, means its whole side.
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
