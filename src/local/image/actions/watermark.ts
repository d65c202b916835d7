import { drawLogo } from '../logo.ts';
import { joinOverlays, type Overlay, placeOverlay, tileOverlay } from '../overlay.ts';
import type { ParameterValues } from '../parameters.ts';
import type { Action } from '../picture.ts';
import { drawText } from '../text.ts';

/** An image, one line of text, or both side by side on the picture (OSS help: "Add watermarks"). */
export const watermark: Action = async (picture, values, { logos }) => {
  const { numbers, texts } = values;
  const { x = 10, y = 10, voffset = 0, padx = 0, pady = 0, t = 100 } = numbers;
  const image = logos.get(texts.image ?? '');
  const logo = image === undefined ? undefined : await drawLogo(image, picture, t);
  const text = await drawText(values);
  const overlay = logo === undefined || text === undefined ? (logo ?? text) : await join(logo, text, values);
  if (overlay === undefined || t === 0) {
    return picture;
  }
  if (texts.fill === '1') {
    return tileOverlay(picture, overlay, padx, pady);
  }
  return placeOverlay(picture, overlay, { gravity: texts.g ?? 'se', x, y, voffset });
};

/** The bottoms of image and text are in line by default (a page of 2019: the tops). */
function join(logo: Overlay, text: Overlay, { numbers, texts }: ParameterValues): Promise<Overlay> {
  const { order = '0', align = '2' } = texts;
  const [left, right] = order === '0' ? [logo, text] : [text, logo];
  return joinOverlays(left, right, Number(align), numbers.interval ?? 0);
}
