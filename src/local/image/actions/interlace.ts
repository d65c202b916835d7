import type { Action } from '../picture.ts';

/** Progressive JPEG; without effect on other results. */
export const interlace: Action = (picture, { texts: { value } }) => ({
  ...picture,
  output: { ...picture.output, progressive: value === '1' },
});
