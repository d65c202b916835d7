import type { Size } from './refuse.ts';
import tables from './tables.json' with { type: 'json' };

/**
 * Finds the top left corner of `inner` in `outer` (OSS help: "Custom crop", formulas since 2022). Assumed:
 * halves are rounded down. `inward` moves it away from the edges it touches, like a watermark's margins.
 */
export function placeAt(gravity: string, outer: Size, inner: Size, inward = { x: 0, y: 0 }) {
  const index = tables.gravities.indexOf(gravity);
  const [right, down] = [(index % 3) / 2, Math.floor(index / 3) / 2];
  return {
    left: Math.floor((outer.width - inner.width) * right) + inward.x * (1 - 2 * right),
    top: Math.floor((outer.height - inner.height) * down) + inward.y * (1 - 2 * down),
    isMiddleRow: down === 0.5,
  };
}
