import sharp from 'sharp';
import { refusals } from '../../style/catalog.ts';
import { describeText, findUndrawable, whereInked } from './fonts.ts';
import { clear, type Overlay, toOverlay } from './overlay.ts';
import type { ParameterValues } from './parameters.ts';
import { refuse } from './refuse.ts';

/**
 * Draws a line of text, cropped to its ink, with shadow and rotation; undefined if it has none. Refuses
 * characters that no font here has. Assumed: the shadow is black, to the lower right, by 1/20 of the size.
 */
export async function drawText({ numbers, texts }: ParameterValues): Promise<Overlay | undefined> {
  const { text = '', type: font = 'wqy-zenhei', color } = texts;
  const { t: opacity = 100, size = 40, shadow = 0, rotate = 0 } = numbers;
  if (opacity === 0) {
    return undefined;
  }
  const undrawable = await findUndrawable(text, font);
  if (undrawable.length > 0) {
    throw refuse(refusals.font, undrawable.join(' '));
  }
  const ink = await whereInked(toOverlay(sharp(describeText(text, font, size, color, opacity))));
  if (ink === undefined) {
    return undefined;
  }
  const shadowOpacity = Math.round((opacity * shadow) / 100);
  const flat = shadowOpacity === 0 ? ink : await addShadow(ink, text, font, size, shadowOpacity);
  return rotate % 360 === 0 ? flat : toOverlay(sharp(flat.png).rotate(rotate, { background: clear }));
}

async function addShadow(ink: Overlay, text: string, font: string, size: number, opacity: number) {
  const offset = Math.max(1, Math.round(size / 20));
  const shadow = sharp(describeText(text, font, size, '000000', opacity));
  const below = shadow.extend({ left: offset, top: offset, background: clear });
  return toOverlay(below.composite([{ input: ink.png, left: 0, top: 0 }]));
}
