import { type Action, cutOut } from '../picture.ts';

/** A radius over half the short side is that half. */
export const roundedCorners: Action = (picture, { numbers: { r = 1 } }) =>
  cutOut(picture, picture.open(), picture, Math.min(r, picture.width / 2, picture.height / 2));
