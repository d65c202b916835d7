import { bare, defineAction, integer, oneOf, requireValue } from './action.ts';
import { badRequest, notImplemented } from './failures.ts';
import { settle } from './picture.ts';

/*
 * OSS documents ranges and directions of these actions and not their arithmetic: what is computed here is assumed.
 */

/** A Gaussian of standard deviation s, cut off r pixels from its middle. */
export const blur = defineAction({
  parameters: {
    r: integer(1, 50, '0040-00000241'),
    s: integer(1, 50, '0040-00000242'),
    g: oneOf(['face', 'faces'], '0004-00000243'),
    p: integer(1, 200, '0004-00000244'),
  },
  check: ({ r, s, g }) => {
    if (r === undefined) {
      throw badRequest('InvalidArgument', 'The action blur has no r.', '0040-00000241');
    }
    if (s === undefined) {
      throw badRequest('InvalidArgument', 'The action blur has no s.', '0040-00000242');
    }
    if (g !== undefined) {
      throw notImplemented(`blur with g_${g}: it needs an IMM project`);
    }
  },
  apply: (picture, { r = 1, s: sigma = 1 }) => {
    // The kernel ends where it falls below this amplitude; half a pixel beyond r keeps r itself inside.
    const minAmplitude = Math.max(0.001, Math.exp(-((r + 0.5) ** 2) / (2 * sigma ** 2)));
    return settle(picture, picture.open().blur({ sigma, minAmplitude }));
  },
});

/** Adds to each colour, of 255. */
export const bright = defineAction({
  parameters: { [bare]: integer(-100, 100, '0040-00000246') },
  missing: '0040-00000245',
  apply: (picture, { [bare]: value = 0 }) => settle(picture, picture.open().linear(1, value)),
});

/** Moves each colour away from middle grey or towards it: up to twice as far, down to half. */
export const contrast = defineAction({
  parameters: { [bare]: integer(-100, 100) },
  check: (values) => requireValue(values),
  apply: (picture, { [bare]: value = 0 }) => {
    const gain = value > 0 ? 1 + value / 100 : 1 + value / 200;
    return settle(picture, picture.open().linear(gain, 128 * (1 - gain)));
  },
});

export const sharpen = defineAction({
  parameters: { [bare]: integer(50, 399, '0040-00000280') },
  missing: '0040-00000279',
  apply: (picture, { [bare]: value = 100 }) =>
    settle(picture, picture.open().sharpen({ sigma: value / 100 })),
});
