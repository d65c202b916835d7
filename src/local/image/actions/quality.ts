import type { Action } from '../picture.ts';

/** `Q_` is absolute and never above the source's, `q_` relative to it; a bare number is taken as `Q_` (assumed). */
export const quality: Action = (picture, { numbers: { q = 100, Q, value } }) => {
  const absolute = Q ?? value;
  const quality =
    absolute === undefined
      ? ({ percent: q, kind: 'relative' } as const)
      : ({ percent: absolute, kind: 'capped' } as const);
  return { ...picture, output: { ...picture.output, quality } };
};
