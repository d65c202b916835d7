import { type Affixes, affixesMeet, excludedAffixes, globAffixes, outputAffixes } from './affixes.ts';
import { type Dfa, findCommonWord, type Nfa, sequence, toDfa } from './automaton.ts';
import { ANY_CHAR, charSet, complement, NOT_SLASH } from './char-set.ts';
import { excludeDfa, keyDfa, outputBuckets, writtenLanguage } from './language.ts';
import { product } from './product.ts';
import type { Match, Output, Rule, RuleSet } from './rule.ts';

/** One output of one rule, with what is cheap to ask before any automaton is. */
export interface Writer {
  rule: Rule;
  ruleIndex: number;
  output: Output;
  outputIndex: number;
  /** Empty means any. */
  buckets: readonly string[];
  affixes: Affixes;
}

export function writersOf({ rules }: RuleSet): Writer[] {
  return rules.flatMap((rule, ruleIndex) =>
    rule.outputs.map((output, outputIndex) => ({
      rule,
      ruleIndex,
      output,
      outputIndex,
      buckets: outputBuckets(rule, output),
      affixes: outputAffixes(rule, output),
    })),
  );
}

/** Whether two lists of buckets, where empty means any, have one in common. */
export function bucketsMeet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === 0 || b.length === 0 || a.some((bucket) => b.includes(bucket));
}

interface Taken {
  nfa: Nfa;
  dfa: Dfa;
}

/** What is known of a rule set's languages, each worked out once and only when it is asked for. */
export interface Languages {
  /** The keys that a match takes and OSS can hold; undefined where that is too complex to work out. */
  taken(match: Match): Taken | undefined;
  /** The keys that an output may be saved under. */
  written(writer: Writer): Dfa;
  /** Whether what the writer saves may be taken by the rule: never false where it can be. */
  feeds(writer: Writer, rule: Rule): boolean;
}

/** What is known of a match; matches that say the same share it. */
interface Reader {
  globs: readonly Affixes[];
  excludes: (affixes: Affixes) => boolean;
  taken?: { keys: Taken | undefined };
  fed: Map<Writer, boolean>;
}

export function createLanguages(): Languages {
  const readers = new Map<Match | string, Reader>();
  const writtenByWriter = new Map<Writer, Dfa>();
  const readerOf = (match: Match): Reader => {
    const known = readers.get(match);
    if (known !== undefined) {
      return known;
    }
    const text = JSON.stringify([match.key.map((glob) => glob.text), match.exclude.map((glob) => glob.text)]);
    const reader = readers.get(text) ?? {
      globs: match.key.map(globAffixes),
      excludes: excludedAffixes(match),
      fed: new Map(),
    };
    readers.set(match, reader).set(text, reader);
    return reader;
  };
  const taken = (match: Match) => {
    const reader = readerOf(match);
    reader.taken ??= { keys: takenBy(match) };
    return reader.taken.keys;
  };
  const written = (writer: Writer) => {
    const known = writtenByWriter.get(writer);
    if (known !== undefined) {
      return known;
    }
    const keys = taken(writer.rule.match)?.nfa ?? sequence([{ kind: 'run', set: ANY_CHAR }]);
    const dfa = toDfa(writtenLanguage(keys, writer.rule, writer.output));
    writtenByWriter.set(writer, dfa);
    return dfa;
  };
  const feeds = (writer: Writer, { match }: Rule) => {
    // Asked of every pair: what can be told without automata is.
    if (!bucketsMeet(writer.buckets, match.bucket)) {
      return false;
    }
    const reader = readerOf(match);
    if (!reader.globs.some((affixes) => affixesMeet(writer.affixes, affixes))) {
      return false;
    }
    if (reader.excludes(writer.affixes)) {
      return false;
    }
    const known = reader.fed.get(writer);
    if (known !== undefined) {
      return known;
    }
    const keys = taken(match);
    const isFed = keys === undefined || findCommonWord([written(writer), keys.dfa], []).found !== 'none';
    reader.fed.set(writer, isFed);
    return isFed;
  };
  return { taken, written, feeds };
}

function takenBy(match: Match): Taken | undefined {
  const nfa = product(
    [keyDfa(match), toDfa(storable())],
    match.exclude.length === 0 ? [] : [excludeDfa(match)],
  );
  return nfa && { nfa, dfa: toDfa(nfa) };
}

/** Keys that an event can be about: OSS has none that begin with a slash, and one at the end makes a folder marker. */
function storable(): Nfa {
  const first = { kind: 'one' as const, set: complement(charSet(0x2f, 0x5c)) };
  const rest = [
    { kind: 'run' as const, set: ANY_CHAR },
    { kind: 'one' as const, set: NOT_SLASH },
  ];
  return sequence([first, { kind: 'choice', options: [[], rest] }]);
}
