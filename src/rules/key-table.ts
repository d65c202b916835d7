/**
 * A regular language over object keys, as the build writes it: a minimal deterministic automaton in table
 * form. State 0 is the start. There is no state for "no key can follow": its number is -1.
 */
export interface KeyTable {
  /** Every key of the language begins with it; the automaton reads what follows. */
  prefix: string;
  /** Every key of the language ends with it, which rules out most others; the automaton reads it too. */
  suffix: string;
  /** The first code points of the ranges that the automaton tells apart, ascending; the first one is 0. */
  ranges: readonly number[];
  /** The class of each range: ranges of one class lead to the same states. */
  classes: readonly number[];
  /** How many classes there are. */
  classCount: number;
  /** The state after `state` has read a code point of `class`, at `state * classCount + class`. */
  next: readonly number[];
  /** For each state 1 where a key may end in it, else 0. */
  accepts: readonly number[];
}

/** Whether the language holds `key`. The time it takes is linear in the key, whatever the globs were. */
export function matchesKey(table: KeyTable, key: string): boolean {
  const { prefix, suffix, accepts } = table;
  return key.startsWith(prefix) && key.endsWith(suffix) && accepts[stateAfter(table, key)] === 1;
}

/** The state after a text that begins with the table's prefix, or -1. */
export function stateAfter(table: KeyTable, text: string): number {
  let state = 0;
  for (let i = table.prefix.length; i < text.length && state >= 0; i += 1) {
    const codePoint = text.codePointAt(i) ?? 0;
    if (codePoint > 0xffff) {
      i += 1; // It takes two UTF-16 units.
    }
    state = table.next[state * table.classCount + classOf(table, codePoint)] ?? -1;
  }
  return state;
}

/** Finds the class of a code point by halving the ranges. */
function classOf({ ranges, classes }: KeyTable, codePoint: number): number {
  let low = 0;
  let high = ranges.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((ranges[middle] ?? 0) <= codePoint) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return classes[low] ?? 0;
}
