import { refusals } from '../../../style/catalog.ts';
import { type Action, settle } from '../picture.ts';
import { checkSize } from '../refuse.ts';

/** Clockwise. What slanted angles uncover is white, or clear in a picture with alpha: assumed, OSS does not say. */
export const rotate: Action = (picture, { numbers: { value: degrees = 0 } }) => {
  checkSize(picture, refusals.rotation);
  if (degrees % 360 === 0) {
    return picture;
  }
  const background = picture.hasAlpha ? '#ffffff00' : '#ffffff';
  return settle(picture, picture.open().rotate(degrees, { background }));
};
