import sharp, { type Sharp } from 'sharp';
import { placeAt } from './gravity.ts';
import type { ParameterValues } from './parameters.ts';
import { type Picture, settle } from './picture.ts';
import type { Size } from './refuse.ts';

/** A picture with transparency, to be laid over another. */
export interface Overlay extends Size {
  readonly png: Buffer;
}

export const clear = '#00000000';

/** Renders what is to be laid over a picture, as a PNG with alpha. */
export async function toOverlay(pipeline: Sharp): Promise<Overlay> {
  const png = pipeline.ensureAlpha().png({ compressionLevel: 1 });
  const { data, info } = await png.toBuffer({ resolveWithObject: true });
  return { png: data, width: info.width, height: info.height };
}

/** sharp by itself refuses what is larger than any source may be: an overlay can be, before it is cut. */
export function openOverlay({ png }: Overlay): Sharp {
  return sharp(png, { limitInputPixels: false });
}

function openSheet({ width, height }: Size): Sharp {
  return sharp({ create: { width, height, channels: 4, background: clear }, limitInputPixels: false });
}

/** An image and a text side by side, their tops (0), middles or bottoms in line; a page of 2019 has tops by default. */
export function joinOverlays(image: Overlay, text: Overlay, { numbers, texts }: ParameterValues) {
  const { order = '0', align = '2' } = texts;
  const [left, right] = order === '0' ? [image, text] : [text, image];
  const second = left.width + (numbers.interval ?? 0);
  const width = second + right.width;
  const height = Math.max(left.height, right.height);
  const layer = (overlay: Overlay, from: number) => {
    const top = Math.floor(((height - overlay.height) * Number(align)) / 2);
    return { input: overlay.png, left: from, top, limitInputPixels: false };
  };
  return toOverlay(openSheet({ width, height }).composite([layer(left, 0), layer(right, second)]));
}

/** Lays the overlay on each frame, the part that lies outside cut off: sharp refuses it. voffset down is assumed. */
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
  const visible = await toOverlay(openOverlay(overlay).extract({ ...cut, width, height }));
  return layOn(picture, visible, left + cut.left, top + cut.top);
}

/** Repeats the overlay from the left top corner on, with gaps. */
export async function tileOverlay(picture: Picture, overlay: Overlay, { numbers }: ParameterValues) {
  const margins = { right: numbers.padx ?? 0, bottom: numbers.pady ?? 0, background: clear };
  const spaced = await toOverlay(openOverlay(overlay).extend(margins));
  const width = Math.min(picture.width, spaced.width);
  const height = Math.min(picture.height, spaced.height);
  const { png } = await toOverlay(openOverlay(spaced).extract({ left: 0, top: 0, width, height }));
  const tiles = openSheet(picture).composite([{ input: png, tile: true, gravity: 'northwest' }]);
  return layOn(picture, await toOverlay(tiles), 0, 0);
}

/** The frames of an animation stand below one another: a tile as large as one of them comes to lie on each. */
async function layOn(picture: Picture, { png }: Overlay, left: number, top: number): Promise<Picture> {
  const layer = { input: png, left, top };
  if (picture.frames === 1) {
    return settle(picture, picture.open().composite([layer]));
  }
  const tile = await toOverlay(openSheet(picture).composite([layer]));
  return settle(picture, picture.open().composite([{ input: tile.png, tile: true, gravity: 'northwest' }]));
}
