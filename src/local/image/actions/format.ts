import { notImplemented } from '../../oss/http/errors.ts';
import type { Action } from '../picture.ts';
import { isImageFormat } from '../source.ts';

/** Format of the result. `gif` keeps a GIF and changes nothing else (OSS help: "Convert image formats"). */
export const format: Action = (picture, { texts: { value = '' } }) => {
  if (!isImageFormat(value)) {
    throw notImplemented(`image/format,${value}`);
  }
  const format = value === 'gif' ? picture.source.format : value;
  return { ...picture, output: { ...picture.output, format } };
};
