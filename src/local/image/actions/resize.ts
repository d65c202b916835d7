import { refusals } from '../../../style/catalog.ts';
import { placeAt } from '../gravity.ts';
import type { ParameterValues } from '../parameters.ts';
import { type Action, type Picture, settle } from '../picture.ts';
import { checkSize, type Size } from '../refuse.ts';

/** Scale the picture to `scaled`; then, for fill and pad, cut or fill it to `frame` around the centre. */
interface ResizePlan {
  readonly scaled: Size;
  readonly frame: Size;
}

/**
 * Resizes, but enlarges no animation. A watermark's image also knows P, percent of the picture below it (OSS
 * help, "Add watermarks": P_10 on 100x100 gives 10x10). A fit in proportion is assumed, and that w and h win.
 */
export const resize: Action = (picture, { numbers, texts }, { main }) => {
  if (main !== undefined && numbers.P !== undefined && (numbers.w ?? numbers.h) === undefined) {
    const { width: w, height: h } = scale(main, numbers.P, 100);
    return applyPlan(picture, planResize(picture, { numbers: { w, h }, texts: { limit: '0' } }));
  }
  const limit = picture.frames > 1 ? '1' : texts.limit;
  const plan = planResize(picture, { numbers, texts: { ...texts, limit } });
  return applyPlan(picture, plan, texts.color);
};

async function applyPlan(picture: Picture, { scaled, frame }: ResizePlan, color = 'ffffff') {
  if ([scaled, frame].every(({ width, height }) => width === picture.width && height === picture.height)) {
    return picture;
  }
  checkSize(scaled, refusals.resize);
  checkSize(frame, refusals.resize);
  const isLarger = scaled.width > picture.width || scaled.height > picture.height;
  // In one pipeline libvips would enlarge before it turns a picture upright, and edges would be a pixel off.
  const upright = isLarger ? await settle(picture, picture.open()) : picture;
  const pipeline = upright.open().resize({ ...scaled, fit: 'fill' });
  const { left, top } = placeAt('center', frame, scaled);
  if (frame.width < scaled.width || frame.height < scaled.height) {
    return settle(picture, pipeline.extract({ left: -left, top: -top, ...frame }));
  }
  const [right, bottom] = [frame.width - scaled.width - left, frame.height - scaled.height - top];
  return settle(picture, pipeline.extend({ left, top, right, bottom, background: `#${color}` }));
}

/**
 * Plans how to resize a picture (OSS help: "Resize images", 2026; older pages differ on fixed with one side
 * and on the long side). By default (`limit_1`) a larger target leaves the size alone; for fill, mfit and
 * fixed it is assumed to be larger when one side is.
 */
export function planResize(source: Size, { numbers, texts }: ParameterValues): ResizePlan {
  const { w, h, l, s, p = 100 } = numbers;
  const isByLength = w === undefined && h === undefined;
  const [long, short] = source.width >= source.height ? [l, s] : [s, l];
  const [width, height] = isByLength ? [long, short] : [w, h];
  // l or s alone is in proportion whatever the mode.
  const mode = isByLength && (l === undefined || s === undefined) ? 'lfit' : (texts.m ?? 'lfit');
  if ((width ?? height) === undefined) {
    return whole(scale(source, p, 100));
  }
  const plan = planMode(source, mode, width, height);
  const isLarger = plan.scaled.width > source.width || plan.scaled.height > source.height;
  return isLarger && texts.limit !== '0' ? whole(source) : plan;
}

/** With one side only, fill and pad take it for both, and the others are in proportion. */
function planMode(source: Size, mode: string, width?: number, height?: number): ResizePlan {
  const isSquare = mode === 'fill' || mode === 'pad';
  const isOneSided = !isSquare && (width === undefined || height === undefined);
  const frame = { width: width ?? height ?? 1, height: height ?? width ?? 1 };
  if (mode === 'fixed' && !isOneSided) {
    return whole(frame);
  }
  const isWidthTighter = frame.width * source.height < frame.height * source.width;
  const fitsInside = mode === 'lfit' || mode === 'pad';
  const isByWidth = isOneSided ? width !== undefined : fitsInside === isWidthTighter;
  const side = isByWidth ? 'width' : 'height';
  const scaled = scale(source, frame[side], source[side]);
  return { scaled, frame: isSquare ? frame : scaled };
}

/** Multiplies by `numerator / denominator` and rounds, halves up; whole numbers keep the halves exact. */
function scale({ width, height }: Size, numerator: number, denominator: number): Size {
  const round = (side: number) => Math.floor((2 * side * numerator + denominator) / (2 * denominator));
  return { width: Math.max(1, round(width)), height: Math.max(1, round(height)) };
}

function whole(size: Size): ResizePlan {
  return { scaled: size, frame: size };
}
