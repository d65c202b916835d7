import sharp, { type OverlayOptions, type Sharp } from 'sharp';
import { type Gravity, placeAt } from './gravity.ts';
import { type Picture, type Size, settle } from './picture.ts';

/** A picture with transparency, to be laid over another. */
export interface Overlay extends Size {
  readonly rgba: Buffer;
}

export interface Place {
  readonly gravity: Gravity;
  readonly x: number;
  readonly y: number;
  readonly voffset: number;
}

const clear = '#00000000';

export async function toOverlay(pipeline: Sharp): Promise<Overlay> {
  const opaque = pipeline.toColourspace('srgb').ensureAlpha().raw();
  const { data, info } = await opaque.toBuffer({ resolveWithObject: true });
  return { rgba: data, width: info.width, height: info.height };
}

export function openOverlay({ rgba, width, height }: Overlay): Sharp {
  return sharp(rgba, { raw: { width, height, channels: 4 }, limitInputPixels: false });
}

/** An overlay in sharp's words. */
export function layer({ rgba, width, height }: Overlay, where: Partial<OverlayOptions>): OverlayOptions {
  return { input: rgba, raw: { width, height, channels: 4 }, limitInputPixels: false, ...where };
}

/** Two overlays side by side, `gapPx` apart; `align` 0 is their tops in line, 1 their middles, 2 their bottoms. */
export function joinOverlays(left: Overlay, right: Overlay, align: number, gapPx: number): Promise<Overlay> {
  const width = left.width + gapPx + right.width;
  const height = Math.max(left.height, right.height);
  const top = (overlay: Overlay) => Math.floor(((height - overlay.height) * align) / 2);
  const canvas = sharp({ create: { width, height, channels: 4, background: clear } });
  return toOverlay(
    canvas.composite([
      layer(left, { left: 0, top: top(left) }),
      layer(right, { left: left.width + gapPx, top: top(right) }),
    ]),
  );
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
  const visible = await toOverlay(openOverlay(overlay).extract({ ...cut, width, height }));
  return layOn(picture, visible, left + cut.left, top + cut.top);
}

/** Repeats the overlay from the left top corner on, `padx` and `pady` pixels apart. */
export async function tileOverlay(picture: Picture, overlay: Overlay, padx: number, pady: number) {
  const spaced = await toOverlay(
    openOverlay(overlay).extend({ right: padx, bottom: pady, background: clear }),
  );
  const width = Math.min(picture.width, spaced.width);
  const height = Math.min(picture.height, spaced.height);
  const tile = await toOverlay(openOverlay(spaced).extract({ left: 0, top: 0, width, height }));
  const tiles = layer(tile, { tile: true, gravity: 'northwest' });
  if (picture.frames === 1) {
    return settle(picture, picture.open().composite([tiles]));
  }
  const sheet = { width: picture.width, height: picture.height, channels: 4 as const, background: clear };
  return layOn(picture, await toOverlay(sharp({ create: sheet }).composite([tiles])), 0, 0);
}

/** The frames of an animation stand below one another. */
function layOn(picture: Picture, overlay: Overlay, left: number, top: number): Promise<Picture> {
  const layers = Array.from({ length: picture.frames }, (_, frame) =>
    layer(overlay, { left, top: top + frame * picture.height }),
  );
  return settle(picture, picture.open().composite(layers));
}
