import sharp from 'sharp';
import type { StyleAction } from '../../../style/parse.ts';
import { type Action, base64Text, color, defineAction, integer, oneOf } from './action.ts';
import { badRequest, notImplemented } from './failures.ts';
import { type Gravity, gravities, placeAt } from './gravity.ts';
import { type Picture, settle } from './picture.ts';
import { type Overlay, renderText, toOverlay } from './text.ts';

const defaultMarginPx = 10;

/** One line of text on the picture (OSS help: "Add watermarks"). */
const textWatermark = defineAction({
  parameters: {
    text: base64Text('0040-00000257'),
    type: base64Text('0040-00000250'),
    color: color(),
    size: integer(1, 1000, '0040-00000256'),
    t: integer(0, 100),
    shadow: integer(0, 100, '0040-00000255'),
    rotate: integer(0, 360, '0040-00000272'),
    g: oneOf(gravities, '0040-00000260'),
    x: integer(0, 4096, '0040-00000262'),
    y: integer(0, 4096, '0040-00000264'),
    voffset: integer(-1000, 1000, '0040-00000268'),
    fill: oneOf(['0', '1'], '0040-00000274'),
    padx: integer(0, 4096, '0040-00000276'),
    pady: integer(0, 4096, '0040-00000277'),
  },
  check: ({ text }) => {
    if (text === undefined) {
      throw badRequest('InvalidArgument', 'A watermark needs text or image.', '0040-00000278');
    }
    if (text === '') throw badRequest('InvalidArgument', 'The watermark has no text.', '0040-00000258');
    // The limit and the wording are documented, the code is assumed.
    if (Buffer.byteLength(text) > 64) throw badRequest('InvalidArgument', 'font content is too large');
  },
  apply: async (picture, { text = '', g = 'se', x = defaultMarginPx, y = defaultMarginPx, ...values }) => {
    const { type = 'wqy-zenhei', size = 40, t = 100, shadow = 0, rotate = 0, voffset = 0 } = values;
    if (text.trim() === '' || t === 0) return picture;
    const look = { font: type, sizePx: size, color: values.color ?? '#000000', opacity: t, shadow, rotate };
    const overlay = await renderText(text, look);
    if (values.fill === '1') return tile(picture, overlay, { x: values.padx ?? 0, y: values.pady ?? 0 });
    return place(picture, overlay, { gravity: g, x, y, voffset });
  },
});

/** Image watermarks come from another object of the bucket, which the local OSS does not hand to its images yet. */
export const watermark: Action = (action: StyleAction) => {
  if (action.parameters.some(({ key }) => key?.text === 'image')) {
    throw notImplemented('watermark with image_');
  }
  return textWatermark(action);
};

/** Draws the part of the overlay that lies on the picture: sharp refuses a larger one. voffset down is assumed. */
async function place(
  picture: Picture,
  overlay: Overlay,
  where: { gravity: Gravity; x: number; y: number; voffset: number },
): Promise<Picture> {
  const corner = placeAt(where.gravity, picture, overlay, where);
  const left = corner.left;
  const top = corner.isMiddleRow ? corner.top + where.voffset : corner.top;
  const cut = { left: Math.max(0, -left), top: Math.max(0, -top) };
  const width = Math.min(overlay.width - cut.left, picture.width - Math.max(0, left));
  const height = Math.min(overlay.height - cut.top, picture.height - Math.max(0, top));
  if (width <= 0 || height <= 0) return picture;
  const input = await sharp(overlay.png)
    .extract({ ...cut, width, height })
    .toBuffer();
  return settle(picture, picture.open().composite([{ input, left: left + cut.left, top: top + cut.top }]));
}

/** Repeats the overlay from the left top corner on, `gap` pixels apart. */
async function tile(picture: Picture, overlay: Overlay, gap: { x: number; y: number }): Promise<Picture> {
  const clear = { right: gap.x, bottom: gap.y, background: '#00000000' };
  const spaced = await toOverlay(sharp(overlay.png).extend(clear));
  const width = Math.min(picture.width, spaced.width);
  const height = Math.min(picture.height, spaced.height);
  const { png } = await toOverlay(sharp(spaced.png).extract({ left: 0, top: 0, width, height }));
  return settle(picture, picture.open().composite([{ input: png, tile: true, gravity: 'northwest' }]));
}
