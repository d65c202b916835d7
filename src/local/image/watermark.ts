import { base64Text, color, defineAction, integer, oneOf, type ReadObject } from './action.ts';
import { badRequest } from './failures.ts';
import { type Gravity, gravities } from './gravity.ts';
import { openLogo, parseLogo } from './logo.ts';
import { joinOverlays, type Overlay, placeOverlay, tileOverlay } from './overlay.ts';
import type { Picture } from './picture.ts';
import { renderText } from './text.ts';

interface Values {
  image: string;
  text: string;
  type: string;
  color: string;
  size: number;
  t: number;
  shadow: number;
  rotate: number;
  g: Gravity;
  x: number;
  y: number;
  voffset: number;
  fill: '0' | '1';
  padx: number;
  pady: number;
  order: '0' | '1';
  align: '0' | '1' | '2';
  interval: number;
}

/** An image, one line of text, or both side by side on the picture (OSS help: "Add watermarks"). */
export const watermark = defineAction<Values>({
  parameters: {
    image: base64Text('0040-00000265'),
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
    order: oneOf(['0', '1'], '0040-00000269'),
    align: oneOf(['0', '1', '2'], '0040-00000271'),
    interval: integer(0, 1000, '0040-00000270'),
  },
  check: ({ text, image }) => {
    if (text === undefined && image === undefined) {
      throw badRequest('InvalidArgument', 'A watermark needs text or image.', '0040-00000278');
    }
    if (text === '') {
      throw badRequest('InvalidArgument', 'The watermark has no text.', '0040-00000258');
    }
    // The limit and the wording are documented, the code is assumed.
    if (Buffer.byteLength(text ?? '') > 64) {
      throw badRequest('InvalidArgument', 'font content is too large');
    }
    if (image !== undefined) {
      parseLogo(image);
    }
  },
  logo: ({ image }) => image,
  // An image can stay on an animation, text makes it still.
  keepsFrames: ({ text }) => text === undefined,
  apply: async (picture, values, readObject) => {
    const overlay = await drawOverlay(picture, values, readObject);
    if (overlay === undefined) {
      return picture;
    }
    if (values.fill === '1') {
      return tileOverlay(picture, overlay, values.padx ?? 0, values.pady ?? 0);
    }
    const { g: gravity = 'se', x = 10, y = 10, voffset = 0 } = values;
    return placeOverlay(picture, overlay, { gravity, x, y, voffset });
  },
});

/** Nothing for blank text and full transparency. In a mixed watermark the bottoms are in line (a page of 2019: the tops). */
async function drawOverlay(picture: Picture, values: Partial<Values>, readObject: ReadObject) {
  const { image, t = 100, order = '0', align = '2', interval = 0 } = values;
  const logo = image === undefined ? undefined : await openLogo(parseLogo(image), picture, t, readObject);
  const text = await drawText(values);
  if (t === 0) {
    return undefined;
  }
  if (logo === undefined || text === undefined) {
    return logo ?? text;
  }
  const [left, right] = order === '0' ? [logo, text] : [text, logo];
  return joinOverlays(left, right, Number(align), interval);
}

async function drawText({ text, t = 100, ...values }: Partial<Values>): Promise<Overlay | undefined> {
  if (text === undefined || text.trim() === '' || t === 0) {
    return undefined;
  }
  const { type = 'wqy-zenhei', size = 40, shadow = 0, rotate = 0, color = '#000000' } = values;
  return renderText(text, { font: type, sizePx: size, color, opacity: t, shadow, rotate });
}
