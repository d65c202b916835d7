import type { Action } from '../picture.ts';

/** `Q_` is absolute and never above the source's, `q_` relative to it; a bare number is taken as `Q_` (assumed). */
export const quality: Action = (picture, { numbers: { q = 100, Q, value } }) => {
  const absolute = Q ?? value;
  const kind = absolute === undefined ? 'relative' : 'capped';
  return { ...picture, output: { ...picture.output, quality: { percent: absolute ?? q, kind } } };
};
