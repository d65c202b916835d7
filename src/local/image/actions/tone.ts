import { notImplemented } from '../../oss/http/errors.ts';
import { type Action, settle } from '../picture.ts';

/** Adds the value to each colour, of 255. This is assumed: OSS documents no formula. */
export const bright: Action = (picture, { numbers: { value = 0 } }) =>
  settle(picture, picture.open().linear(1, value));

/** Moves colours away from middle grey, up to twice as far, or towards it, down to half. This is assumed. */
export const contrast: Action = (picture, { numbers: { value = 0 } }) => {
  const gain = value > 0 ? 1 + value / 100 : 1 + value / 200;
  return settle(picture, picture.open().linear(gain, 128 * (1 - gain)));
};

/** Sharpens. OSS documents a range but no formula; a sigma of a hundredth of the value is assumed. */
export const sharpen: Action = (picture, { numbers: { value = 100 } }) =>
  settle(picture, picture.open().sharpen({ sigma: value / 100 }));

/** Blurs by a Gaussian of deviation s, cut off at r pixels. This is assumed: OSS documents no formula. */
export const blur: Action = (picture, { numbers: { r = 1, s: sigma = 1 }, texts: { g } }) => {
  if (g !== undefined) {
    throw notImplemented(`image/blur with g_${g}, which needs an IMM project`);
  }
  // The kernel ends where it falls below this amplitude; half a pixel more than r keeps r itself inside.
  const minAmplitude = Math.max(0.001, Math.exp(-((r + 0.5) ** 2) / (2 * sigma ** 2)));
  return settle(picture, picture.open().blur({ sigma, minAmplitude }));
};
