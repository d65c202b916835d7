import { color, defineAction, integer, oneOf } from './action.ts';
import { badRequest, invalidValue, tooLarge } from './failures.ts';
import { placeAt } from './gravity.ts';
import { type Picture, type Size, settle } from './picture.ts';

const modes = ['lfit', 'mfit', 'fill', 'pad', 'fixed'] as const;

interface ResizeRequest {
  readonly m?: (typeof modes)[number];
  readonly w?: number;
  readonly h?: number;
  readonly l?: number;
  readonly s?: number;
  readonly p?: number;
  readonly limit?: '0' | '1';
}

/** Scale the whole picture to `scaled`; then, for fill and pad, cut or fill up to `frame` around the centre. */
export interface ResizePlan {
  readonly scaled: Size;
  readonly frame: Size;
}

/**
 * What a resize does to a picture of a given size (OSS help: "Resize images", 2026; older pages differ on fixed with
 * one side and on the long side). Without enlargement (`limit_1`, the default) a larger target leaves the size alone;
 * that fill, mfit and fixed count as larger when one side is, is assumed.
 */
export function planResize(source: Size, request: ResizeRequest): ResizePlan {
  const target =
    request.w === undefined && request.h === undefined ? sidesByLength(source, request) : request;
  if (target.w === undefined && target.h === undefined) {
    return whole(scale(source, request.p ?? 100, 100));
  }
  const mode = target.m ?? 'lfit';
  const plan = planMode(source, mode, target);
  const isLarger = plan.scaled.width > source.width || plan.scaled.height > source.height;
  return isLarger && request.limit !== '0' ? whole(source) : plan;
}

/** l and s in terms of w and h; one of them alone is proportional in every mode. w and h win over both. */
function sidesByLength(source: Size, { l, s, m }: ResizeRequest): Pick<ResizeRequest, 'w' | 'h' | 'm'> {
  const [w, h] = source.width >= source.height ? [l, s] : [s, l];
  const mode = l !== undefined && s !== undefined ? m : undefined;
  return { ...(w !== undefined && { w }), ...(h !== undefined && { h }), ...(mode && { m: mode }) };
}

function planMode(source: Size, mode: (typeof modes)[number], { w, h }: Pick<ResizeRequest, 'w' | 'h'>) {
  const proportional = mode === 'lfit' || mode === 'mfit' || mode === 'fixed';
  if (proportional && h === undefined) {
    return whole(scale(source, w ?? 1, source.width));
  }
  if (proportional && w === undefined) {
    return whole(scale(source, h ?? 1, source.height));
  }
  const frame = { width: w ?? h ?? 1, height: h ?? w ?? 1 };
  if (mode === 'fixed') {
    return whole(frame);
  }
  const widthIsTighter = frame.width * source.height < frame.height * source.width;
  const fitsInside = mode === 'lfit' || mode === 'pad';
  const byWidth = fitsInside === widthIsTighter;
  const scaled = byWidth
    ? scale(source, frame.width, source.width)
    : scale(source, frame.height, source.height);
  return { scaled, frame: mode === 'fill' || mode === 'pad' ? frame : scaled };
}

/** Times `numerator / denominator`, to the nearest pixel, halves up; in whole numbers, so that halves are exact. */
function scale({ width, height }: Size, numerator: number, denominator: number): Size {
  const round = (side: number) =>
    Math.max(1, Math.floor((2 * side * numerator + denominator) / (2 * denominator)));
  return { width: round(width), height: round(height) };
}

function isSame(one: Size, other: Size): boolean {
  return one.width === other.width && one.height === other.height;
}

function whole(size: Size): ResizePlan {
  return { scaled: size, frame: size };
}

/** Results up to 16,384 px a side and 16,777,216 px (OSS help: "Resize images"; the EC's page still says 4096x4096). */
function checkResult(sizes: Size[]): void {
  for (const { width, height } of sizes) {
    if (Math.max(width, height) > 16_384 || width * height > 16_777_216) {
      throw tooLarge(`The resized image would be too large: ${width}x${height}.`, '0040-00000007');
    }
  }
}

const [widthEc, heightEc] = ['0040-00000312', '0040-00000313'];
const side = (ec: string) => integer(1, 16_384, ec);

const parameters = {
  m: oneOf(modes, '0040-00000311'),
  w: integer(0, 16_384, widthEc),
  h: integer(0, 16_384, heightEc),
  l: side('0040-00000314'),
  s: side('0040-00000315'),
  p: integer(1, 1000, '0040-00000317'),
  color: color('0040-00000318'),
  limit: oneOf(['0', '1'], '0040-00000319'),
};

export const resize = defineAction({
  parameters,
  // Animations are resized by w and h only, and never enlarged (OSS help: "Resize images").
  keepsFrames: ({ w, h }) => w !== undefined || h !== undefined,
  check: checkSizes,
  apply: applyResize,
});

/**
 * resize of a watermark's image, which also knows P: percent of the picture `main` it is laid on (OSS help: "Add
 * watermarks": P_10 on 100x100 gives 10x10). That it fits into that box proportionally, and w and h win, is assumed.
 */
export const resizeLogo = (main: Size) =>
  defineAction({
    parameters: { ...parameters, P: integer(1, 100) },
    check: ({ P, ...values }) => {
      checkSizes(P === undefined ? values : { ...values, p: P });
    },
    apply: (picture, { P, ...values }) => {
      if (P === undefined || values.w !== undefined || values.h !== undefined) {
        return applyResize(picture, values);
      }
      const { width: w, height: h } = scale(main, P, 100);
      return applyResize(picture, { ...values, m: 'lfit', w, h, limit: '0' });
    },
  });

function checkSizes({ w, h, l, s, p }: ResizeRequest): void {
  if ([w, h, l, s, p].every((value) => value === undefined)) {
    throw badRequest('InvalidArgument', 'The action resize says no size.', '0040-00000320');
  }
  if (w === 0) {
    throw invalidValue('0', 'w', h === 0 ? '0040-00000321' : widthEc);
  }
  if (h === 0) {
    throw invalidValue('0', 'h', heightEc);
  }
}

function applyResize(picture: Picture, values: ResizeRequest & { readonly color?: string }) {
  const plan = planResize(picture, picture.frames > 1 ? { ...values, limit: '1' } : values);
  if (isSame(plan.scaled, picture) && isSame(plan.frame, picture)) {
    return picture;
  }
  checkResult([plan.scaled, plan.frame]);
  return settle(picture, drawResize(picture, plan, values.color ?? '#FFFFFF'));
}

function drawResize(picture: Picture, { scaled, frame }: ResizePlan, background: string) {
  const pipeline = picture.open().resize({ ...scaled, fit: 'fill' });
  const { left, top } = placeAt('center', frame, scaled);
  if (frame.width < scaled.width || frame.height < scaled.height) {
    return pipeline.extract({ left: -left, top: -top, ...frame });
  }
  const [right, bottom] = [frame.width - scaled.width - left, frame.height - scaled.height - top];
  return pipeline.extend({ left, top, right, bottom, background });
}
