import sharp, { type OverlayOptions, type Sharp } from 'sharp';
import { placeAt } from './gravity.ts';
import type { ParameterValues } from './parameters.ts';
import { type Picture, settle } from './picture.ts';
import type { Size } from './refuse.ts';

export interface Overlay extends Size {
  readonly png: Buffer;
}

export const clear = '#00000000';
/** Before it is cut, an overlay may have more pixels than sharp opens by default or a source may have. */
const anySize = { limitInputPixels: false } as const;

/** Renders an overlay as a PNG with alpha. */
export async function toOverlay(pipeline: Sharp): Promise<Overlay> {
  const png = pipeline.ensureAlpha().png({ compressionLevel: 1 });
  const { data, info } = await png.toBuffer({ resolveWithObject: true });
  return { png: data, width: info.width, height: info.height };
}

function openSheet({ width, height }: Size): Sharp {
  return sharp({ create: { width, height, channels: 4, background: clear }, ...anySize });
}

/** Joins image and text, aligned at tops (0), middles or bottoms; a page of 2019 has tops as the default. */
export function joinOverlays(image: Overlay, text: Overlay, { numbers, texts }: ParameterValues) {
  const { order = '0', align = '2' } = texts;
  const [left, right] = order === '0' ? [image, text] : [text, image];
  const second = left.width + (numbers.interval ?? 0);
  const width = second + right.width;
  const height = Math.max(left.height, right.height);
  const layer = (overlay: Overlay, from: number) => {
    const top = Math.floor(((height - overlay.height) * Number(align)) / 2);
    return { input: overlay.png, left: from, top, ...anySize };
  };
  return toOverlay(openSheet({ width, height }).composite([layer(left, 0), layer(right, second)]));
}

/** Puts the overlay on each frame, cut to it, as sharp requires. Assumed: voffset moves it down. */
export async function placeOverlay(picture: Picture, overlay: Overlay, { numbers, texts }: ParameterValues) {
  const { x = 10, y = 10, voffset = 0 } = numbers;
  const { left, top: own, isMiddleRow } = placeAt(texts.g ?? 'se', picture, overlay, { x, y });
  const top = isMiddleRow ? own + voffset : own;
  const cut = { left: Math.max(0, -left), top: Math.max(0, -top) };
  const width = Math.min(overlay.width - cut.left, picture.width - Math.max(0, left));
  const height = Math.min(overlay.height - cut.top, picture.height - Math.max(0, top));
  if (width <= 0 || height <= 0) {
    return picture;
  }
  const visible = await toOverlay(sharp(overlay.png, anySize).extract({ ...cut, width, height }));
  return layOn(picture, { input: visible.png, left: left + cut.left, top: top + cut.top });
}

/** Repeats the overlay with gaps from the top left corner, cut to the picture: sharp tiles nothing larger. */
export async function tileOverlay(picture: Picture, overlay: Overlay, { numbers }: ParameterValues) {
  const { padx = 0, pady = 0 } = numbers;
  const width = Math.min(overlay.width, picture.width);
  const height = Math.min(overlay.height, picture.height);
  const right = Math.min(padx, picture.width - width);
  const bottom = Math.min(pady, picture.height - height);
  const cut = sharp(overlay.png, anySize).extract({ left: 0, top: 0, width, height });
  return layOn(picture, tiled(await toOverlay(cut.extend({ right, bottom, background: clear }))));
}

function tiled({ png }: Overlay): OverlayOptions {
  return { input: png, tile: true, gravity: 'northwest' };
}

/** An animation's frames are stacked below one another, so a tile the size of a frame covers each of them. */
async function layOn(picture: Picture, layer: OverlayOptions): Promise<Picture> {
  const isStill = picture.frames === 1;
  const layers = isStill ? layer : tiled(await toOverlay(openSheet(picture).composite([layer])));
  return settle(picture, picture.open().composite([layers]));
}
