import { type Action, settle } from '../picture.ts';

/** Adds to each colour, of 255: assumed, OSS documents no arithmetic. */
export const bright: Action = (picture, { numbers: { value = 0 } }) =>
  settle(picture, picture.open().linear(1, value));
