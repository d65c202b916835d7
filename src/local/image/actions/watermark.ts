import { drawLogo } from '../logo.ts';
import { joinOverlays, placeOverlay, tileOverlay } from '../overlay.ts';
import type { Action } from '../picture.ts';
import { drawText } from '../text.ts';

/** Puts an image, one line of text, or both side by side on the picture (OSS help: "Add watermarks"). */
export const watermark: Action = async (picture, values, { logos }) => {
  const { numbers, texts } = values;
  const image = logos.get(texts.image ?? '');
  const logo = image === undefined ? undefined : await drawLogo(image, picture, numbers.t ?? 100);
  const text = await drawText(values);
  const isBoth = logo !== undefined && text !== undefined;
  const overlay = isBoth ? await joinOverlays(logo, text, values) : (logo ?? text);
  if (overlay === undefined || numbers.t === 0) {
    return picture;
  }
  const lay = texts.fill === '1' ? tileOverlay : placeOverlay;
  return lay(picture, overlay, values);
};
