import { concat, type Dfa, findCommonWord, literal, type Nfa, sequence, toDfa, union } from './automaton.ts';
import {
  ANY_CHAR,
  type CharSet,
  charSet,
  DOT,
  includes,
  intersect,
  NOT_SLASH,
  NOT_SLASH_NOR_DOT,
  SLASH,
} from './char-set.ts';
import type { Glob } from './glob.ts';
import type { Match, Output, Rule } from './rule.ts';
import type { Part } from './template.ts';

/*
 * Which keys a rule takes in and which it can write, as regular languages. What a variable can hold is read
 * off the rule's own glob: `{dir}` of `uploads/**` + `/*.jpg` is always under `uploads`. Two variables of one
 * template are taken as independent of each other, so the language of an output may be larger than what it
 * really writes, never smaller.
 */

const keyDfas = new WeakMap<Match, Dfa>();
const excludeDfas = new WeakMap<Match, Dfa>();
const outputDfas = new WeakMap<Output, Dfa>();

/** The keys that the rule's `key` globs match. */
export function keyDfa(match: Match): Dfa {
  return memoised(keyDfas, match, () => toDfa(globLanguage(match.key)));
}

/** The keys that the rule's `exclude` globs take out again. */
export function excludeDfa(match: Match): Dfa {
  return memoised(excludeDfas, match, () => toDfa(globLanguage(match.exclude)));
}

/** The keys that an output may be saved under. */
export function outputDfa(rule: Rule, output: Output): Dfa {
  return memoised(outputDfas, output, () => toDfa(templateLanguage(rule, output, output.target.key.parts)));
}

/** Buckets an output may be saved in; empty means any. */
export function outputBuckets(rule: Rule, output: Output): readonly string[] {
  return output.target.bucket === undefined ? rule.match.bucket : [output.target.bucket];
}

/** Whether what `from` writes may be an upload that `to` takes: certain when false, cautious when true. */
export function feeds(from: Rule, to: Rule): boolean {
  return from.outputs.some((output) => {
    const buckets = outputBuckets(from, output);
    const both = buckets.filter((bucket) => to.match.bucket.includes(bucket));
    if (buckets.length > 0 && to.match.bucket.length > 0 && both.length === 0) return false;
    const common = findCommonWord([outputDfa(from, output), keyDfa(to.match)], [excludeDfa(to.match)]);
    return common.found !== 'none';
  });
}

function memoised<K extends object>(cache: WeakMap<K, Dfa>, key: K, make: () => Dfa): Dfa {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}

function globLanguage(globs: readonly Glob[]): Nfa {
  return union(globs.map((glob) => sequence(glob.nodes)));
}

function templateLanguage(rule: Rule, output: Output, parts: readonly Part[]): Nfa {
  const keys = globLanguage(rule.match.key);
  const pieces: Nfa[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    const next = parts[i + 1];
    if (part?.kind === 'variable' && part.name === 'dir') {
      // As in rendering: where {dir} is empty, the slash behind it goes too.
      const rest = next?.kind === 'text' && next.text.startsWith('/') ? next.text : '';
      const options = [concat([dirs(keys), literal(rest)])];
      if (hasRootKeys(keys)) options.push(literal(rest.slice(1)));
      pieces.push(union(options));
      if (rest !== '') i += 1;
    } else if (part !== undefined) {
      pieces.push(partLanguage(rule, output, keys, part));
    }
  }
  return concat(pieces);
}

const DIGIT: CharSet = charSet([0x30, 0x39]);
const BASE64_URL = charSet(0x2d, 0x5f, [0x30, 0x39], [0x41, 0x5a], [0x61, 0x7a]);
const ETAG = charSet(0x2d, [0x30, 0x39], [0x41, 0x46], [0x61, 0x66]);
const BUCKET_CHAR = charSet(0x2d, [0x30, 0x39], [0x61, 0x7a]);

const run = (set: CharSet): Nfa => sequence([{ kind: 'run', set }]);
const digits = (count: number): Nfa => sequence(Array(count).fill({ kind: 'one', set: DIGIT }));

function partLanguage(rule: Rule, output: Output, keys: Nfa, part: Part): Nfa {
  if (part.kind === 'text') return literal(part.text);
  if (part.kind === 'b64') return run(BASE64_URL);
  const varied = output.vary[part.name];
  if (varied !== undefined) return union(varied.map((value) => literal(String(value))));
  switch (part.name) {
    case 'key':
      return keys;
    case 'base':
      return bases(keys);
    case 'name':
      return names(keys);
    case 'ext':
      return exts(keys);
    case 'rule':
      return literal(rule.name);
    case 'bucket':
      return rule.match.bucket.length === 0 ? run(BUCKET_CHAR) : union(rule.match.bucket.map(literal));
    case 'etag':
      return run(ETAG);
    case 'yyyy':
      return digits(4);
    case 'mm':
    case 'dd':
      return digits(2);
    default:
      return run(ANY_CHAR);
  }
}

/** What stands before the last slash of a key. */
function dirs(keys: Nfa): Nfa {
  return { ...keys, accepts: before(keys, SLASH, NOT_SLASH) };
}

function hasRootKeys(keys: Nfa): boolean {
  const ends = canReachEnd(keys, NOT_SLASH);
  return keys.starts.some((state) => ends.has(state));
}

/** What stands behind the last slash. */
function bases(keys: Nfa): Nfa {
  return {
    edges: within(keys, NOT_SLASH),
    starts: [...keys.starts, ...after(keys, SLASH)],
    accepts: keys.accepts,
  };
}

/** The base without its extension: up to the last dot, or all of it where there is no dot but a leading one. */
function names(keys: Nfa): Nfa {
  const all = bases(keys);
  const withExt = { ...all, accepts: before(keys, DOT, NOT_SLASH_NOR_DOT) };
  const withoutExt = { ...all, edges: within(keys, NOT_SLASH_NOR_DOT) };
  return union([withExt, withoutExt, concat([literal('.'), exts(keys)])]);
}

/** What stands behind the last dot of the base, or nothing. */
function exts(keys: Nfa): Nfa {
  const found = { edges: within(keys, NOT_SLASH_NOR_DOT), starts: after(keys, DOT), accepts: keys.accepts };
  return union([found, literal('')]);
}

/** The automaton's edges, each reading only what is in `set`. */
function within(keys: Nfa, set: CharSet): Nfa['edges'] {
  return keys.edges.map((list) =>
    list.flatMap((edge) => {
      if (edge.set === undefined) return [edge];
      const narrowed = intersect(edge.set, set);
      return narrowed.length === 0 ? [] : [{ to: edge.to, set: narrowed }];
    }),
  );
}

/** States entered by reading the separator. */
function after(keys: Nfa, separator: CharSet): number[] {
  const code = separator[0] ?? 0;
  return keys.edges.flat().flatMap(({ set, to }) => (set !== undefined && includes(set, code) ? [to] : []));
}

/** States from which the separator and then only characters of `rest` lead to the end. */
function before(keys: Nfa, separator: CharSet, rest: CharSet): number[] {
  const code = separator[0] ?? 0;
  const ends = canReachEnd(keys, rest);
  const leads = (state: number) =>
    keys.edges[state]?.some(({ set, to }) => set !== undefined && includes(set, code) && ends.has(to)) ??
    false;
  return [...keys.edges.keys()].filter(leads);
}

function canReachEnd(keys: Nfa, set: CharSet): Set<number> {
  const edges = within(keys, set);
  const reached = new Set(keys.accepts);
  for (let grown = true; grown; ) {
    grown = false;
    edges.forEach((list, state) => {
      if (!reached.has(state) && list.some(({ to }) => reached.has(to))) {
        reached.add(state);
        grown = true;
      }
    });
  }
  return reached;
}
