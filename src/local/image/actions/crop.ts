import { refusals } from '../../../style/catalog.ts';
import { notImplemented } from '../../oss/http/errors.ts';
import { placeAt } from '../gravity.ts';
import { type Action, settle } from '../picture.ts';
import { refuse } from '../refuse.ts';

/**
 * Cuts w x h from where gravity and x, y say (OSS help: "Custom crop"). What runs over an edge is clipped, so `g_se`
 * with x, y gives a smaller picture. That w or h beyond the picture, or 0, mean its whole side is assumed.
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
