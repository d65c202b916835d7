import { type Action, settle } from '../picture.ts';

/** Upside down (0), left to right (1), or both (2). */
export const flip: Action = (picture, { texts: { value: axis } }) => {
  const pipeline = picture.open().flip(axis !== '1');
  return settle(picture, pipeline.flop(axis !== '0'));
};
