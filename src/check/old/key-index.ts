import type { Affixes } from './affixes.ts';

/** Up to here asking each item costs less than an index, above all on a cold start. */
const maxUnindexed = 16;

/**
 * Makes a function that narrows `items` down to those that may have to do with a key, in their order: all that do, and
 * few others. It looks up how the key begins and ends, so its cost grows with the number of different lengths of
 * prefixes and suffixes, and not with the number of items.
 */
export function createKeyIndex<T>(
  items: readonly T[],
  affixesOf: (item: T) => readonly Affixes[],
): (key: string) => readonly T[] {
  if (items.length <= maxUnindexed) {
    return () => items;
  }
  const positions = new Map<string, number[]>();
  const lengths = new Map<string, readonly [prefix: number, suffix: number]>();
  items.forEach((item, i) => {
    for (const { prefix, suffixes } of affixesOf(item)) {
      for (const suffix of suffixes) {
        lengths.set(`${prefix.length},${suffix.length}`, [prefix.length, suffix.length]);
        const name = nameOf(prefix, suffix);
        const known = positions.get(name);
        if (known === undefined) {
          positions.set(name, [i]);
        } else {
          known.push(i);
        }
      }
    }
  });
  return (key) => {
    const found = new Set<number>();
    for (const [prefix, suffix] of lengths.values()) {
      const name = nameOf(key.slice(0, prefix), suffix === 0 ? '' : key.slice(-suffix));
      for (const i of positions.get(name) ?? []) {
        found.add(i);
      }
    }
    return [...found].sort((a, b) => a - b).flatMap((i) => items.slice(i, i + 1));
  };
}

/** Where two pairs share a name, an item too many is found: callers look closer anyway. */
function nameOf(prefix: string, suffix: string): string {
  return `${prefix}\0${suffix}`;
}
