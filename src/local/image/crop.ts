import { defineAction, integer, oneOf } from './action.ts';
import { badRequest, invalidValue, notImplemented } from './failures.ts';
import { gravities, placeAt } from './gravity.ts';
import { type Size, settle } from './picture.ts';

/** EC of a strip that is 0 or larger than the picture. */
const outOfRange = '0040-00000230';

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
    if (g === 'face' || g === 'auto') {
      throw notImplemented(`crop with g_${g}: it needs an IMM project`);
    }
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

/**
 * One of the strips of x (upright) or y (lying) pixels that the picture is cut into; y wins. A strip that does not exist
 * leaves the picture as it is (OSS help: "Indexed slice"). The last strip may be narrower.
 */
export const indexcrop = defineAction({
  parameters: {
    x: integer(-999_999_999, 999_999_999, '0040-00000223'),
    y: integer(-999_999_999, 999_999_999, '0040-00000224'),
    i: integer(0, 999_999_999, '0040-00000229'),
  },
  check: ({ x, y }) => {
    if (x === undefined && y === undefined) {
      throw badRequest('InvalidArgument', 'The action indexcrop needs x or y.', outOfRange);
    }
    if (x !== undefined && x < 1) {
      throw invalidValue(String(x), 'x', outOfRange);
    }
    if (y !== undefined && y < 1) {
      throw invalidValue(String(y), 'y', outOfRange);
    }
  },
  apply: (picture, { x, y, i = 0 }) => {
    const [strip, side] = y === undefined ? [x ?? 1, picture.width] : [y, picture.height];
    if (strip > side) {
      throw invalidValue(String(strip), y === undefined ? 'x' : 'y', outOfRange);
    }
    const start = strip * i;
    if (start >= side) {
      return picture;
    }
    const length = Math.min(strip, side - start);
    const region =
      y === undefined
        ? { left: start, top: 0, width: length, height: picture.height }
        : { left: 0, top: start, width: picture.width, height: length };
    return settle(picture, picture.open().extract(region));
  },
});
