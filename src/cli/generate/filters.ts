import { commonPrefix, globAffixes, outputAffixes } from '../../check/old/affixes.ts';
import type { Output, Rule, RuleSet } from '../../check/old/rule.ts';
import { variablesOf } from '../../rules/template.ts';
import { maxNativeTriggers } from '../check/agreement.ts';

/** What one native trigger delivers. */
export interface Filter {
  prefix: string;
  suffix: string;
}

/**
 * The narrowest filters by which native triggers of one bucket deliver all that these rules take of it: no two overlap,
 * since that is refused, and there are no more than a bucket may have.
 */
export function filtersOf(rules: readonly Rule[]): Filter[] {
  const globs = rules.flatMap(({ match }) => match.key.map(globAffixes));
  const exact = join(globs.flatMap(({ prefix, suffixes }) => suffixes.map((suffix) => ({ prefix, suffix }))));
  if (exact.length <= maxNativeTriggers) {
    return exact;
  }
  const anySuffix = join(globs.map(({ prefix }) => ({ prefix, suffix: '' })));
  if (anySuffix.length <= maxNativeTriggers) {
    return anySuffix;
  }
  return [{ prefix: commonPrefix(anySuffix.map(({ prefix }) => prefix)), suffix: '' }];
}

/** Makes one of those that overlap, until none do. */
function join(filters: readonly Filter[]): Filter[] {
  let joined: Filter[] = [];
  for (const filter of filters) {
    let wide = filter;
    for (
      let i = joined.findIndex((other) => overlap(other, wide));
      i >= 0;
      i = joined.findIndex((other) => overlap(other, wide))
    ) {
      const [other = wide] = joined.splice(i, 1);
      wide = { prefix: shorter(other.prefix, wide.prefix), suffix: shorter(other.suffix, wide.suffix) };
    }
    joined = [...joined, wide];
  }
  return joined;
}

function overlap(a: Filter, b: Filter): boolean {
  return (
    (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)) &&
    (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix))
  );
}

const shorter = (a: string, b: string) => (a.length <= b.length ? a : b);

/** Buckets of uploads that a rule names; where it names none, the one that is deployed for stands in. */
export function bucketsOf({ bucket }: Rule['match'], deployed: string): readonly string[] {
  return bucket.length === 0 ? [deployed] : bucket;
}

export function sourceBuckets({ rules }: RuleSet, deployed: string): string[] {
  return [...new Set(rules.flatMap(({ match }) => bucketsOf(match, deployed)))];
}

/** Prefixes under which objects are read and saved, `bucket/prefix`, those within others left out. */
export function objectPrefixes({ rules }: RuleSet, deployed: string) {
  const sources: string[] = [];
  const asked: string[] = [];
  const targets: string[] = [];
  const askedTargets: string[] = [];
  for (const rule of rules) {
    const { match, outputs } = rule;
    const buckets = bucketsOf(match, deployed);
    const from = buckets.flatMap((bucket) => match.key.map(({ prefix }) => `${bucket}/${prefix}`));
    sources.push(...from);
    // Where the event lacks what a rule asks for, and where an output is compared with its source, a HeadObject is made.
    const asks = match.minBytes !== undefined || match.maxBytes !== undefined || match.contentType.length > 0;
    if (asks || outputs.some((output) => output.checkSource || output.refresh || usesETag(output))) {
      asked.push(...from);
    }
    for (const output of outputs) {
      const { prefix } = outputAffixes(rule, output);
      const to = (output.target.bucket === undefined ? buckets : [output.target.bucket]).map(
        (bucket) => `${bucket}/${prefix}`,
      );
      targets.push(...to);
      if (output.refresh !== undefined) {
        askedTargets.push(...to);
      }
    }
  }
  return { sources: widest(sources), targets: widest(targets), asked: widest([...asked, ...askedTargets]) };
}

function usesETag({ style, target }: Output): boolean {
  return variablesOf([...style.parts, ...target.key.parts]).some(({ name }) => name === 'etag');
}

function widest(prefixes: readonly string[]): string[] {
  const all = [...new Set(prefixes)];
  return all.filter((one) => !all.some((other) => other !== one && one.startsWith(other))).sort();
}
