import { notImplemented } from '../../oss/http/errors.ts';
import type { Action } from '../picture.ts';
import { isImageFormat } from '../source.ts';

/** Sets the result's format; `gif` keeps a GIF, and changes no other (OSS help: "Convert image formats"). */
export const format: Action = (picture, { texts: { value = '' } }) => {
  const wanted = value === 'jpeg' ? 'jpg' : value;
  if (!isImageFormat(wanted)) {
    throw notImplemented(`image/format,${value}`);
  }
  const format = wanted === 'gif' ? picture.source.format : wanted;
  return { ...picture, output: { ...picture.output, format } };
};

/** `Q_` is absolute but at most the source's, `q_` relative to it. Assumed: a bare number is a `Q_`. */
export const quality: Action = (picture, { numbers: { q = 100, Q, value } }) => {
  const absolute = Q ?? value;
  const kind = absolute === undefined ? 'relative' : 'capped';
  return { ...picture, output: { ...picture.output, quality: { percent: absolute ?? q, kind } } };
};

/** Makes a JPEG progressive; it has no effect on other results. */
export const interlace: Action = (picture, { texts: { value } }) => ({
  ...picture,
  output: { ...picture.output, progressive: value === '1' },
});
