import { firstIndex } from '../../../first-index.ts';

interface ListQuery {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  /** Only keys that sort after this; empty for all. */
  readonly after: string;
  readonly maxKeys: number;
}

/**
 * One page of sorted keys; a common prefix counts as one entry (documented: OSS help "ListObjectsV2"). The
 * page after it begins after `next`, its last key or common prefix, or undefined if it is the last page.
 * Assumed: a page that begins after `a/` does not contain `a/` again, one that begins after `a/5` does.
 */
export function listPage(sortedKeys: readonly string[], { prefix, delimiter, after, maxKeys }: ListQuery) {
  const keys: string[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  let index = firstIndex(sortedKeys, (key) => compareUtf8(key, prefix) >= 0 && compareUtf8(key, after) > 0);
  for (let key = sortedKeys[index]; key?.startsWith(prefix); key = sortedKeys[index]) {
    const group = commonPrefix(key, prefix, delimiter);
    index = group === undefined ? index + 1 : endOfGroup(sortedKeys, group);
    if (group !== undefined && group === after) {
      continue;
    }
    if (keys.length + prefixes.length === maxKeys) {
      return { keys, prefixes, next: last };
    }
    (group === undefined ? keys : prefixes).push(group ?? key);
    last = group ?? key;
  }
  return { keys, prefixes, next: undefined };
}

/** The part of a key up to the first delimiter after the prefix; undefined if there is none. */
export function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

const surrogate = /[\ud800-\udfff]/;

/** Compares by UTF-8 bytes (documented as OSS's order). UTF-16 order only differs if there are surrogates. */
export function compareUtf8(a: string, b: string): number {
  if (surrogate.test(a) || surrogate.test(b)) {
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  return a < b ? -1 : Number(a > b);
}

/** The index of a key among sorted ones: that of the first which does not sort before it. */
export function placeOf(key: string, sortedKeys: readonly string[]): number {
  return firstIndex(sortedKeys, (candidate) => compareUtf8(candidate, key) >= 0);
}

function endOfGroup(sortedKeys: readonly string[], group: string): number {
  const isBeyond = (key: string) => !key.startsWith(group) && compareUtf8(key, group) > 0;
  return firstIndex(sortedKeys, isBeyond);
}
