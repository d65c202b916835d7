import { refusals } from '../../../style/catalog.ts';
import { placeAt } from '../gravity.ts';
import type { ParameterValues } from '../parameters.ts';
import { type Action, type Picture, settle } from '../picture.ts';
import { checkSize, type Size } from '../refuse.ts';

/** The picture is scaled to `scaled`; for fill and pad it is then cut or padded to `frame`, centred. */
interface ResizePlan {
  readonly scaled: Size;
  readonly frame: Size;
}

/**
 * Resizes, but does not enlarge animations. A watermark's image also accepts P, a percentage of the picture
 * below it (OSS help, "Add watermarks": P_10 on 100x100 is 10x10). Assumed: it keeps proportions; w and h
 * win.
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
  // In a single pipeline libvips would enlarge before turning upright, and edges would be a pixel off.
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
 * and on the long side). By default (`limit_1`) a larger target leaves the size as it is. Assumed: for fill,
 * mfit and fixed a target is larger if one of its sides is.
 */
export function planResize(source: Size, { numbers, texts }: ParameterValues): ResizePlan {
  const { w, h, l, s, p = 100 } = numbers;
  const isByLength = w === undefined && h === undefined;
  const [long, short] = source.width >= source.height ? [l, s] : [s, l];
  const [width, height] = isByLength ? [long, short] : [w, h];
  // l or s alone keeps proportions, whatever the mode.
  const mode = isByLength && (l === undefined || s === undefined) ? 'lfit' : (texts.m ?? 'lfit');
  if ((width ?? height) === undefined) {
    return whole(scale(source, p, 100));
  }
  const plan = planMode(source, mode, width, height);
  const isLarger = plan.scaled.width > source.width || plan.scaled.height > source.height;
  return isLarger && texts.limit !== '0' ? whole(source) : plan;
}

/** With one side only, fill and pad use it for both; the other modes keep proportions. */
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

/** Multiplies by `numerator / denominator` and rounds halves up; integer arithmetic keeps halves exact. */
function scale({ width, height }: Size, numerator: number, denominator: number): Size {
  const round = (side: number) => Math.floor((2 * side * numerator + denominator) / (2 * denominator));
  return { width: Math.max(1, round(width)), height: Math.max(1, round(height)) };
}

function whole(size: Size): ResizePlan {
  return { scaled: size, frame: size };
}
