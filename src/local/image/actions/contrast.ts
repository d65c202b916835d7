import { type Action, settle } from '../picture.ts';

/** Moves each colour away from middle grey or towards it: up to twice as far, down to half. It is assumed so. */
export const contrast: Action = (picture, { numbers: { value = 0 } }) => {
  const gain = value > 0 ? 1 + value / 100 : 1 + value / 200;
  return settle(picture, picture.open().linear(gain, 128 * (1 - gain)));
};
