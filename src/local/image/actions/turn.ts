import { refusals } from '../../../style/catalog.ts';
import { type Action, settle } from '../picture.ts';
import { checkSize } from '../refuse.ts';

/** EXIF orientation applies by default and before all actions; this action can only disable it. */
export const autoOrient: Action = (picture) => picture;

/** Turns clockwise. Assumed: slanted angles uncover white, or transparency in a picture with alpha. */
export const rotate: Action = (picture, { numbers: { value: degrees = 0 } }) => {
  checkSize(picture, refusals.rotation);
  if (degrees % 360 === 0) {
    return picture;
  }
  const background = picture.hasAlpha ? '#ffffff00' : '#ffffff';
  return settle(picture, picture.open().rotate(degrees, { background }));
};

/** Flips upside down (0), left to right (1), or both (2). */
export const flip: Action = (picture, { texts: { value: axis } }) => {
  const pipeline = picture.open().flip(axis !== '1');
  return settle(picture, pipeline.flop(axis !== '0'));
};
