import type { StyleToken } from './parse.ts';
import type { Report } from './style-issue.ts';

/** An image action with its parameters by name; a bare value is `value`. */
export interface ImageAction {
  readonly name: StyleToken;
  readonly given: Readonly<Record<string, string>>;
  /** Where a parameter's value stands. */
  readonly at: (parameter: string) => StyleToken;
}

/** The largest picture there can be at one point of a chain, in pixels. */
export interface Bounds {
  readonly w: number;
  readonly h: number;
  readonly area: number;
  /** Every picture has just this size. */
  readonly isExact: boolean;
}

/** OSS help, "Overview": limits of sources. */
export const sourceBounds: Bounds = { w: 30_000, h: 30_000, area: 250_000_000, isExact: false };
/** OSS help, "Resize images": limits of results. One pixel less than the page, so that a free side fits WebP. */
const freeSide = 16_383;
const maxResizedArea = 16_777_216;

/** The bounds behind an action; reports what those before it rule out or leave without effect. */
export function boundsAfter(action: ImageAction, before: Bounds, report: Report): Bounds {
  const after = { resize: afterResize, crop: afterCrop, rotate: afterRotate }[action.name.text];
  if (after !== undefined) {
    return after(action, before, report);
  }
  return { ...before, isExact: before.isExact && !['circle', 'indexcrop'].includes(action.name.text) };
}

function afterResize({ name, given, at }: ImageAction, before: Bounds, report: Report): Bounds {
  const { m = 'lfit', limit } = given;
  const [w, h, l, s, p = 100] = ['w', 'h', 'l', 's', 'p'].map((side) => pixels(given[side]));
  const resized = { ...sourceBounds, area: maxResizedArea };
  if ((w ?? h ?? l ?? s) === undefined) {
    return within(resized, (before.w * p) / 100, (before.h * p) / 100, false);
  }
  const isSquare = m === 'fill' || m === 'pad';
  const hasBoth = w !== undefined && h !== undefined;
  if ((w === undefined) !== (h === undefined)) {
    if (isSquare) {
      report('info', at('m'), `m_${m} with one side takes it for both: a square`);
    }
    if (m === 'fixed') {
      report('warning', at('m'), 'm_fixed with one side: in proportion, by older pages a square');
    }
  }
  const isExact = limit === '0' && (w ?? h) !== undefined && (isSquare || (m === 'fixed' && hasBoth));
  if (hasBoth && w * h > maxResizedArea) {
    const message = 'results of resize are refused above 16,777,216 pixels (EC 0040-00000007)';
    report(isExact ? 'error' : 'warning', name, message);
  }
  if (limit !== '0') {
    reportEnlargement({ name, given, at }, before, report);
  }
  const outer = limit === '0' ? resized : { ...before, area: Math.min(before.area, maxResizedArea) };
  if (m === 'mfit' && (hasBoth || (l !== undefined && s !== undefined))) {
    return within(outer, freeSide, freeSide, false);
  }
  if ((w ?? h) === undefined) {
    return within(outer, l ?? freeSide, l ?? freeSide, false);
  }
  return within(
    outer,
    w ?? (isSquare ? h : undefined) ?? freeSide,
    h ?? (isSquare ? w : undefined) ?? freeSide,
    isExact,
  );
}

/** The default limit_1 leaves a picture as it is where the target is larger (OSS help, "Resize images"). */
function reportEnlargement({ given, at }: ImageAction, { w, h }: Bounds, report: Report): void {
  const longShort = { l: Math.max(w, h), s: Math.min(w, h) };
  const bounds = given.w === undefined && given.h === undefined ? longShort : { w, h };
  const asked = Object.entries(bounds).filter(([side]) => given[side] !== undefined);
  const larger = asked.filter(([side, bound]) => (pixels(given[side]) ?? 0) > bound);
  const takesSmaller = ['lfit', 'pad'].includes(given.m ?? 'lfit');
  if (larger[0] === undefined || (takesSmaller && larger.length < asked.length)) {
    return;
  }
  const message = `pictures are at most ${w} x ${h} here, and without limit_0 they are not enlarged`;
  report('warning', at(larger[0][0]), message);
}

function afterCrop({ given, at }: ImageAction, before: Bounds, report: Report): Bounds {
  const { g = 'nw' } = given;
  const [x = 0, y = 0] = [pixels(given.x), pixels(given.y)];
  if (g === 'auto' || g === 'face') {
    return { ...before, isExact: false };
  }
  const answer = 'OSS answers "Advance cut\'s position is out of image."';
  if (g === 'nw' && x >= before.w) {
    report('error', at('x'), `pictures are at most ${before.w} wide here: ${answer}`);
  }
  if (g === 'nw' && y >= before.h) {
    report('error', at('y'), `pictures are at most ${before.h} high here: ${answer}`);
  }
  return within(
    before,
    pixels(given.w) || before.w,
    pixels(given.h) || before.h,
    before.isExact && x + y === 0,
  );
}

/** "Picture exceed the maximum allowable rotation range" (OSS help, "Rotate" and the FAQ). */
function afterRotate({ given, at }: ImageAction, before: Bounds, report: Report): Bounds {
  const { w, h, area, isExact } = before;
  const angle = pixels(given.value) ?? 0;
  if (angle % 360 !== 0 && Math.max(w, h) > 4096) {
    const remedy = 'write auto-orient,0/resize,l_4096 before it, or smaller';
    report('warning', at('value'), `sides over 4,096 pixels are refused (EC 0040-00000006); ${remedy}`);
  }
  if (angle % 180 === 0) {
    return before;
  }
  if (angle % 90 === 0) {
    return { w: h, h: w, area, isExact };
  }
  const side = Math.ceil(Math.hypot(w, h));
  return { w: side, h: side, area: side * side, isExact: false };
}

function within(outer: Bounds, width: number, height: number, isExact: boolean): Bounds {
  const [w, h] = [Math.min(width, outer.w), Math.min(height, outer.h)];
  return { w, h, area: isExact ? w * h : Math.min(w * h, outer.area), isExact };
}

function pixels(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
