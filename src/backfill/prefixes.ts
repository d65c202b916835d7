import type { KeyTable } from '../rules/key-table.ts';
import type { Match } from '../rules/rule-set.ts';

/** A part of a bucket: the objects whose keys begin with `prefix`. */
export interface BucketPrefix {
  bucket: string;
  prefix: string;
}

/** More prefixes than this cost more listings than they save. */
const maxPrefixes = 64;

/** A class of up to this many characters, such as `[0-9]`, gives one prefix per character. */
const maxAlternatives = 16;

/**
 * Gives the shortest list of prefixes that covers all keys that any rule takes, in the buckets that the rule
 * names or else in `buckets`; with `within`, only inside those. A glob that begins with `**` leaves the whole
 * bucket.
 */
export function listingPrefixes(
  rules: readonly { match: Pick<Match, 'keys' | 'buckets'> }[],
  buckets: readonly string[],
  within: readonly BucketPrefix[] = [],
): BucketPrefix[] {
  const wanted = rules.flatMap(({ match }) => {
    const named = match.buckets.length > 0 ? match.buckets : buckets;
    return keyPrefixes(match.keys).flatMap((prefix) => named.map((bucket) => ({ bucket, prefix })));
  });
  const found = within.length === 0 ? wanted : wanted.flatMap((place) => intersect(place, within));
  const byName = new Map(found.map((place) => [`${place.bucket}/${place.prefix}`, place]));
  return outermost([...byName.keys()]).flatMap((name) => byName.get(name) ?? []);
}

/** Gives prefixes that cover all keys of a table: several if its glob has alternatives. */
export function keyPrefixes(table: KeyTable): string[] {
  let branches: Branch[] = [{ prefix: table.prefix, state: 0 }];
  for (;;) {
    const next = branches.flatMap((branch) => follow(table, branch) ?? [branch]);
    const isDone = next.every(({ prefix }, i) => prefix === branches[i]?.prefix);
    if (isDone || next.length > maxPrefixes) {
      return branches.map(({ prefix }) => prefix);
    }
    branches = next;
  }
}

interface Branch {
  prefix: string;
  state: number;
}

/** Extends a branch by one character; undefined if a key may end here or nearly any character may follow. */
function follow(table: KeyTable, { prefix, state }: Branch): Branch[] | undefined {
  if (table.accepts[state] === 1) {
    return undefined;
  }
  const branches: Branch[] = [];
  for (const [i, first] of table.ranges.entries()) {
    const next = table.next[state * table.classCount + (table.classes[i] ?? 0)] ?? -1;
    const end = table.ranges[i + 1] ?? 0x110000;
    for (let code = first; next >= 0 && code < end; code += 1) {
      if (branches.length === maxAlternatives) {
        return undefined;
      }
      branches.push({ prefix: prefix + String.fromCodePoint(code), state: next });
    }
  }
  return branches;
}

/** The overlaps of `place` with the others: of two prefixes the longer, if it begins with the shorter. */
function intersect(place: BucketPrefix, others: readonly BucketPrefix[]): BucketPrefix[] {
  return others
    .filter(({ bucket }) => bucket === place.bucket)
    .flatMap((other) => {
      const [short, long] = other.prefix.length < place.prefix.length ? [other, place] : [place, other];
      return long.prefix.startsWith(short.prefix) ? [long] : [];
    });
}

/** Drops prefixes that begin with another one. Sorting puts each right before all that it covers. */
export function outermost(prefixes: readonly string[]): string[] {
  let last: string | undefined;
  return [...new Set(prefixes)].sort().filter((prefix) => {
    const isCovered = last !== undefined && prefix.startsWith(last);
    last = isCovered ? last : prefix;
    return !isCovered;
  });
}
