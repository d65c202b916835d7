import { listingSource } from '../backfill/listing.ts';
import { type BucketPrefix, listingPrefixes } from '../backfill/prefixes.ts';
import { mayMeet, writersOf } from '../check/graph.ts';
import type { SourceRule } from '../compile/compile.ts';
import { asIfRemoving, planSources, type Scan } from '../orphans/find.ts';
import { readTargets, type Targets } from '../orphans/targets.ts';
import type { Call } from '../oss/call.ts';
import { watched } from './backfill-run.ts';
import { CliError, type Io } from './command.ts';

/**
 * Finds out where to look for outputs of one rule or of all: everywhere, or only within the named places.
 * `buckets` are those of rules that name none; `sources` are those of all rules that may save there.
 */
export function planSearch(
  rules: readonly SourceRule[],
  {
    rule,
    buckets,
    within,
  }: { rule?: string | undefined; buckets: readonly string[]; within: readonly BucketPrefix[] },
  call: Call,
) {
  const targets = readTargets(rules, { rule, buckets });
  const places = findPlaces(targets, within);
  return { rules, targets, source: listingSource(places, call), sources: findSources(rules, places) };
}

/** The prefixes that wanted outputs save under, limited to the places that the user named. */
function findPlaces({ wanted, leftOut }: Targets, within: readonly BucketPrefix[]): BucketPrefix[] {
  const tables = wanted.map(({ bucket, keys }) => ({ match: { keys, buckets: [bucket] } }));
  const places = listingPrefixes(tables, [], within);
  if (places.length === 0) {
    throw new CliError(['no output saves there with a key that tells its source.', ...leftOut].join('\n'));
  }
  return places;
}

/** The prefixes of all objects from which a rule may make an output at one of the places. */
function findSources(rules: readonly SourceRule[], places: readonly BucketPrefix[]): BucketPrefix[] {
  const near = writersOf(rules).filter((writer) =>
    places.some(({ bucket, prefix }) => mayMeet(writer, { buckets: [bucket], prefix })),
  );
  const buckets = [...new Set(places.map(({ bucket }) => bucket))];
  return listingPrefixes(
    near.map(({ rule }) => rule.compiled),
    buckets,
  );
}

export type Search = ReturnType<typeof planSearch>;

export async function scanSources({ rules, targets, sources }: Search, call: Call, io: Io): Promise<Scan> {
  let startedAtMs: number | undefined;
  const timed: Call = async (request) => {
    const sentAtMs = Date.now();
    const response = await call(request);
    // OSS's own clock counts, which its answer gives in whole seconds.
    const answeredAtMs = Date.parse(response.headers.date ?? '') || Date.now();
    startedAtMs ??= answeredAtMs - (Date.now() - sentAtMs);
    return response;
  };
  const removing = asIfRemoving(rules.map(({ compiled }) => compiled));
  const found = await planSources(watched(listingSource(sources, timed), io), removing);
  return { ...found, targets, rules: removing, startedAtMs: startedAtMs ?? 0 };
}
