/**
 * Finds by bisection the first of sorted keys for which `isBeyond` holds, as it must for all that follow.
 * Returns its index, or the number of keys where it holds for none.
 */
export function firstIndex<T>(sortedKeys: ArrayLike<T>, isBeyond: (key: T) => boolean): number {
  let [low, high] = [0, sortedKeys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const key = sortedKeys[middle];
    if (key === undefined || isBeyond(key)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}
