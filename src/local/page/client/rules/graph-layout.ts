import type { RuleChain } from '../../wire.ts';

export const rowPx = 84;
const lanePx = 18;

/**
 * Arcs beside a list of rules, from the row that writes to the row that takes. Arcs that would overlap get
 * lanes of their own, short ones on the inside.
 */
export function layOut(names: readonly string[], chains: readonly RuleChain[]) {
  const spans = chains
    .map(({ rule, next, isLoop }) => ({ from: names.indexOf(rule), to: names.indexOf(next), isLoop }))
    .filter(({ from, to }) => from >= 0 && to >= 0)
    .sort((one, other) => lengthOf(one) - lengthOf(other));
  const lanes: { top: number; bottom: number }[][] = [];
  const arcs = spans.map((span) => {
    const { top, bottom } = { top: Math.min(span.from, span.to), bottom: Math.max(span.from, span.to) };
    const isFree = (others: { top: number; bottom: number }[]) =>
      others.every((other) => bottom < other.top || top > other.bottom);
    const free = lanes.findIndex(isFree);
    const lane = free < 0 ? lanes.push([]) - 1 : free;
    lanes[lane]?.push({ top, bottom });
    return { path: pathOf(span.from, span.to, lane), isLoop: span.isLoop };
  });
  // The last arrow is drawn on top.
  arcs.sort((one, other) => Number(one.isLoop) - Number(other.isLoop));
  return { arcs, widthPx: lanes.length === 0 ? 0 : (lanes.length + 1) * lanePx };
}

function lengthOf({ from, to }: { from: number; to: number }): number {
  return Math.abs(from - to);
}

/** From the lower part of one row, along the lane, to the upper part of the other. */
function pathOf(from: number, to: number, lane: number): string {
  const x = (lane + 1) * lanePx * 1.2;
  const start = from * rowPx + rowPx * 0.66;
  const end = to * rowPx + rowPx * 0.18 + (lane % 3) * 12;
  return `M0 ${start} C${x} ${start} ${x} ${end} 6 ${end}`;
}
