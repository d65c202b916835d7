/**
 * Finds by bisection the first of sorted keys for which `isBeyond` holds, as it must for all that follow. Returns its
 * index, or the number of keys where it holds for none.
 */
export function firstIndex(sortedKeys: readonly string[], isBeyond: (key: string) => boolean): number {
  let [low, high] = [0, sortedKeys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBeyond(sortedKeys[middle] ?? '')) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}
