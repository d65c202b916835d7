import { notImplemented } from '../../oss/http/errors.ts';
import { type Action, settle } from '../picture.ts';

/** A Gaussian of standard deviation s, cut off r pixels from its middle: assumed, OSS documents no arithmetic. */
export const blur: Action = (picture, { numbers: { r = 1, s: sigma = 1 }, texts: { g } }) => {
  if (g !== undefined) {
    throw notImplemented(`image/blur with g_${g}, which needs an IMM project`);
  }
  // The kernel ends where it falls below this amplitude; half a pixel beyond r keeps r itself inside.
  const minAmplitude = Math.max(0.001, Math.exp(-((r + 0.5) ** 2) / (2 * sigma ** 2)));
  return settle(picture, picture.open().blur({ sigma, minAmplitude }));
};
