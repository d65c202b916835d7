import { type Action, settle } from '../picture.ts';

/** OSS documents the range and no arithmetic; a sigma of a hundredth is assumed. */
export const sharpen: Action = (picture, { numbers: { value = 100 } }) =>
  settle(picture, picture.open().sharpen({ sigma: value / 100 }));
