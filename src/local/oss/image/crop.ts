import { defineAction, integer, oneOf } from './action.ts';
import { badRequest, notImplemented } from './failures.ts';
import { gravities, placeAt } from './gravity.ts';
import { type Size, settle } from './picture.ts';

/**
 * Cuts w x h from where gravity and x, y say (OSS help: "Custom crop"). What runs over an edge is clipped, so `g_se`
 * with x, y gives a smaller picture. That w or h beyond the picture, or 0, mean its whole side is assumed.
 */
export const crop = defineAction({
  parameters: {
    w: integer(0, 999_999_999, '0040-00000225'),
    h: integer(0, 999_999_999, '0040-00000226'),
    x: integer(0, 999_999_999),
    y: integer(0, 999_999_999),
    g: oneOf([...gravities, 'face', 'auto'], '0040-00000209'),
    p: integer(1, 200),
  },
  keepsFrames: () => true,
  apply: (picture, { w, h, x = 0, y = 0, g = 'nw' }) => {
    if (g === 'face' || g === 'auto') throw notImplemented(`crop with g_${g}: it needs an IMM project`);
    const wanted: Size = {
      width: Math.min(w || picture.width, picture.width),
      height: Math.min(h || picture.height, picture.height),
    };
    const origin = placeAt(g, picture, wanted);
    const [left, top] = [origin.left + x, origin.top + y];
    if (left >= picture.width || top >= picture.height) {
      throw badRequest('BadRequest', "Advance cut's position is out of image.");
    }
    const width = Math.min(wanted.width, picture.width - left);
    const height = Math.min(wanted.height, picture.height - top);
    return settle(picture, picture.open().extract({ left, top, width, height }));
  },
});
