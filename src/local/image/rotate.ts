import { bare, defineAction, integer, oneOf, requireValue } from './action.ts';
import { checkRotationRange, settle } from './picture.ts';

/** Clockwise. What slanted angles uncover is white, or clear in a picture with alpha: assumed, OSS does not say. */
export const rotate = defineAction({
  parameters: { [bare]: integer(0, 360, '0040-00000217') },
  missing: '0040-00000216',
  apply: (picture, { [bare]: degrees = 0 }) => {
    checkRotationRange(picture);
    if (degrees % 360 === 0) {
      return picture;
    }
    const background = picture.hasAlpha ? '#ffffff00' : '#ffffff';
    return settle(picture, picture.open().rotate(degrees, { background }));
  },
});

/** Upside down, left to right, or both. */
export const flip = defineAction({
  parameters: { [bare]: oneOf(['0', '1', '2']) },
  check: (values) => requireValue(values),
  apply: (picture, { [bare]: axis }) =>
    settle(
      picture,
      picture
        .open()
        .flip(axis !== '1')
        .flop(axis !== '0'),
    ),
});

/** EXIF orientation acts by default and before everything else; this action can only refuse it. */
export const autoOrient = defineAction({
  parameters: { [bare]: oneOf(['0', '1'], '0040-00000215') },
  missing: '0040-00000214',
  refusesOrientation: ({ [bare]: value }) => value === '0',
  apply: (picture) => picture,
});
