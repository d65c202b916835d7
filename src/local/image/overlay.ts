import sharp, { type Sharp } from 'sharp';
import { placeAt } from './gravity.ts';
import { type Picture, settle } from './picture.ts';
import type { Size } from './refuse.ts';

/** A picture with transparency, to be laid over another. */
export interface Overlay extends Size {
  readonly png: Buffer;
}

export interface Place {
  readonly gravity: string;
  readonly x: number;
  readonly y: number;
  readonly voffset: number;
}

export const clear = '#00000000';

export async function toOverlay(pipeline: Sharp): Promise<Overlay> {
  const png = pipeline.toColourspace('srgb').ensureAlpha().png({ compressionLevel: 1 });
  const { data, info } = await png.toBuffer({ resolveWithObject: true });
  return { png: data, width: info.width, height: info.height };
}

/** An empty sheet. */
function openSheet({ width, height }: Size): Sharp {
  return sharp({ create: { width, height, channels: 4, background: clear }, limitInputPixels: false });
}

/** Two overlays side by side, `gapPx` apart; `align` 0 is their tops in line, 1 their middles, 2 their bottoms. */
export function joinOverlays(left: Overlay, right: Overlay, align: number, gapPx: number): Promise<Overlay> {
  const width = left.width + gapPx + right.width;
  const height = Math.max(left.height, right.height);
  const top = (overlay: Overlay) => Math.floor(((height - overlay.height) * align) / 2);
  const first = { input: left.png, left: 0, top: top(left) };
  const second = { input: right.png, left: left.width + gapPx, top: top(right) };
  return toOverlay(openSheet({ width, height }).composite([first, second]));
}

/** Lays the overlay on each frame, the part that lies outside cut off: sharp refuses it. voffset down is assumed. */
export async function placeOverlay(picture: Picture, overlay: Overlay, place: Place): Promise<Picture> {
  const corner = placeAt(place.gravity, picture, overlay, place);
  const left = corner.left;
  const top = corner.isMiddleRow ? corner.top + place.voffset : corner.top;
  const cut = { left: Math.max(0, -left), top: Math.max(0, -top) };
  const width = Math.min(overlay.width - cut.left, picture.width - Math.max(0, left));
  const height = Math.min(overlay.height - cut.top, picture.height - Math.max(0, top));
  if (width <= 0 || height <= 0) {
    return picture;
  }
  const visible = await toOverlay(sharp(overlay.png).extract({ ...cut, width, height }));
  return layOn(picture, visible, left + cut.left, top + cut.top);
}

/** Repeats the overlay from the left top corner on, `padx` and `pady` pixels apart. */
export async function tileOverlay(picture: Picture, overlay: Overlay, padx: number, pady: number) {
  const margins = { right: padx, bottom: pady, background: clear };
  const spaced = await toOverlay(sharp(overlay.png).extend(margins));
  const width = Math.min(picture.width, spaced.width);
  const height = Math.min(picture.height, spaced.height);
  const { png } = await toOverlay(sharp(spaced.png).extract({ left: 0, top: 0, width, height }));
  const tiles = openSheet(picture).composite([{ input: png, tile: true, gravity: 'northwest' }]);
  return layOn(picture, await toOverlay(tiles), 0, 0);
}

/** The frames of an animation stand below one another. */
function layOn(picture: Picture, { png }: Overlay, left: number, top: number): Promise<Picture> {
  const layers = Array.from({ length: picture.frames }, (_, frame) => {
    return { input: png, left, top: top + frame * picture.height };
  });
  return settle(picture, picture.open().composite(layers));
}
