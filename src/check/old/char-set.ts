/** Code points as sorted, disjoint, inclusive ranges, flat: [low, high, low, high, …]. */
export type CharSet = readonly number[];

const lastCodePoint = 0x10ffff;

/** Union of single code points and [low, high] ranges. */
export function charSet(...items: (number | readonly [number, number])[]): CharSet {
  const ranges = items.map((item): [number, number] =>
    typeof item === 'number' ? [item, item] : [item[0], item[1]],
  );
  ranges.sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [low, high] of ranges) {
    const last = merged.at(-1);
    if (last !== undefined && low <= last[1] + 1) {
      last[1] = Math.max(last[1], high);
    } else {
      merged.push([low, high]);
    }
  }
  return merged.flat();
}

export function complement(set: CharSet): CharSet {
  const result: number[] = [];
  let next = 0;
  for (let i = 0; i < set.length; i += 2) {
    const low = set[i] ?? 0;
    if (low > next) {
      result.push(next, low - 1);
    }
    next = (set[i + 1] ?? 0) + 1;
  }
  if (next <= lastCodePoint) {
    result.push(next, lastCodePoint);
  }
  return result;
}

export function intersect(a: CharSet, b: CharSet): CharSet {
  const result: number[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const low = Math.max(a[i] ?? 0, b[j] ?? 0);
    const [endOfA = 0, endOfB = 0] = [a[i + 1], b[j + 1]];
    if (low <= Math.min(endOfA, endOfB)) {
      result.push(low, Math.min(endOfA, endOfB));
    }
    if (endOfA < endOfB) {
      i += 2;
    } else {
      j += 2;
    }
  }
  return result;
}

/** The set as [low, high] ranges. */
export function ranges(flat: readonly number[]): [number, number][] {
  const result: [number, number][] = [];
  for (let i = 0; i < flat.length; i += 2) {
    result.push([flat[i] ?? 0, flat[i + 1] ?? 0]);
  }
  return result;
}

export function includes(set: CharSet, code: number): boolean {
  for (let i = 0; i < set.length; i += 2) {
    if (code < (set[i] ?? 0)) {
      return false;
    }
    if (code <= (set[i + 1] ?? 0)) {
      return true;
    }
  }
  return false;
}

export const SLASH: CharSet = charSet(0x2f);
export const DOT: CharSet = charSet(0x2e);
export const NOT_SLASH: CharSet = complement(SLASH);
export const NOT_SLASH_NOR_DOT: CharSet = complement(charSet(0x2e, 0x2f));
export const ANY_CHAR: CharSet = [0, lastCodePoint];
