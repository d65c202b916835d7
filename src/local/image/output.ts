import { bare, defineAction, integer, oneOf } from './action.ts';
import { notImplemented } from './failures.ts';

/** Format of the result. `gif` keeps a GIF and changes nothing else (OSS help: "Convert image formats"). */
export const format = defineAction({
  parameters: {
    [bare]: oneOf(['jpg', 'png', 'webp', 'bmp', 'gif', 'tiff', 'heic', 'avif'], '0040-00000206'),
  },
  missing: '0040-00000207',
  keepsFrames: ({ [bare]: value }) => value === 'gif' || value === 'webp',
  apply: (picture, { [bare]: wanted = picture.source.format }) => {
    if (wanted === 'heic') {
      throw notImplemented('HEIC results');
    }
    const format = wanted === 'gif' ? picture.source.format : wanted;
    return { ...picture, output: { ...picture.output, format } };
  },
});

/** `Q_` absolute and never above the source's, `q_` relative to it; a bare number is taken as `Q_` (assumed). */
export const quality = defineAction({
  parameters: {
    q: integer(1, 100, '0040-00000309'),
    Q: integer(1, 100, '0040-00000308'),
    [bare]: integer(1, 100, '0040-00000310'),
  },
  missing: '0040-00000307',
  apply: (picture, { q, Q, [bare]: number }) => {
    const absolute = Q ?? number;
    const percent = absolute ?? q ?? 100;
    const kind = absolute === undefined ? 'relative' : 'capped';
    return { ...picture, output: { ...picture.output, quality: { percent, kind } } };
  },
});

/** Progressive JPEG; without effect on other results. */
export const interlace = defineAction({
  parameters: { [bare]: oneOf(['0', '1'], '0040-00000282') },
  missing: '0040-00000281',
  apply: (picture, { [bare]: value }) => ({
    ...picture,
    output: { ...picture.output, progressive: value === '1' },
  }),
});
