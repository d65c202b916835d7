import { type Part, render, variablesOf } from '../../rules/template.ts';
import {
  concat,
  type Dfa,
  findCommonWord,
  literal,
  type Nfa,
  sequence,
  toDfa,
  trim,
  union,
} from './automaton.ts';
import { ANY_CHAR, type CharSet, charSet } from './char-set.ts';
import { type Cut, cutKeys } from './cuts.ts';
import type { Glob, GlobNode } from './glob.ts';
import { memoise } from './memoise.ts';
import { product } from './product.ts';
import type { Match, Output, Rule } from './rule.ts';

/*
 * Which keys a rule takes in and which it can write, as regular languages. What a variable can hold is read
 * off the keys that the rule takes: `{dir}` of `uploads/**` + `/*.jpg` is always under `uploads`. Keys are
 * cut at their last slash and last dot, each way to cut them apart from the others, so `{dir}`, `{name}` and `{ext}` of one
 * key stay together; what a template says twice is taken as independent. So the language of an output may be
 * larger than what it really writes, never smaller.
 */

/** The keys that the rule's `key` globs match. */
export const keyDfa = memoise((match: Match): Dfa => toDfa(globLanguage(match.key)));

/** The keys that the rule's `exclude` globs take out again. */
export const excludeDfa = memoise((match: Match): Dfa => toDfa(globLanguage(match.exclude)));

/** The keys that an output of the rule may be saved under. */
export const outputDfa = memoise(
  (output: Output, rule: Rule): Dfa => toDfa(writtenLanguage(takenLanguage(rule.match), rule, output)),
);

/** Buckets an output may be saved in; empty means any. */
export function outputBuckets(rule: Rule, output: Output): readonly string[] {
  return output.target.bucket === undefined ? rule.match.bucket : [output.target.bucket];
}

/** Whether what `from` writes may be an upload that `to` takes: certain when false, cautious when true. */
export function feeds(from: Rule, to: Rule): boolean {
  return from.outputs.some((output) => {
    const buckets = outputBuckets(from, output);
    const both = buckets.filter((bucket) => to.match.bucket.includes(bucket));
    if (buckets.length > 0 && to.match.bucket.length > 0 && both.length === 0) {
      return false;
    }
    const common = findCommonWord([outputDfa(output, from), keyDfa(to.match)], [excludeDfa(to.match)]);
    return common.found !== 'none';
  });
}

function globLanguage(globs: readonly Glob[]): Nfa {
  return union(globs.map((glob) => sequence(glob.nodes)));
}

function takenLanguage(match: Match): Nfa {
  const keys = globLanguage(match.key);
  // Where the product is too large all keys stand for it: larger, as is allowed here.
  return match.exclude.length === 0 ? keys : (product([keyDfa(match)], [excludeDfa(match)]) ?? keys);
}

/**
 * The keys that an output saves under for sources out of `keys`, in whichever of `buckets` they are (default: those
 * of the rule; none stands for any).
 */
export function writtenLanguage(
  keys: Nfa,
  rule: Rule,
  output: Output,
  buckets: readonly string[] = rule.match.bucket,
): Nfa {
  const { parts } = output.target.key;
  const used = variablesOf(parts).map(({ name }) => name);
  const uses = (...names: string[]) => used.some((name) => names.includes(name));
  const cuts = cutKeys(keys, {
    folders: uses('dir', 'base', 'name', 'ext'),
    extensions: uses('name', 'ext'),
  });
  return trim(
    union(
      cuts.map((cut) =>
        concat(
          parts.map((part, i) => {
            // As in rendering: where {dir} is empty, the slash behind it goes too.
            const before = parts[i - 1];
            const isShort = cut.dir === undefined && before?.kind === 'variable' && before.name === 'dir';
            if (part.kind === 'text') {
              return literal(isShort ? part.text.replace(/^\//, '') : part.text);
            }
            return part.kind === 'b64'
              ? encodedLanguage(part)
              : valueLanguage(part.name, cut, rule, output, buckets);
          }),
        ),
      ),
    ),
  );
}

/**
 * The variables that make `writtenLanguage` larger than what is really written, because the template says them,
 * or a part of them, more than once, or encodes them.
 */
export function blurredVariables({ target, vary }: Output): string[] {
  const made: Record<string, string[]> = { key: ['dir', 'name', 'ext'], base: ['name', 'ext'] };
  const seen = new Set<string>();
  return variablesOf(target.key.parts).flatMap(({ name, inB64 }) => {
    if (name === 'rule' || name === 'bucket' || vary[name]?.length === 1) {
      return [];
    }
    const atoms = made[name] ?? [name];
    const isBlurred = inB64 || atoms.some((atom) => seen.has(atom));
    for (const atom of atoms) {
      seen.add(atom);
    }
    return isBlurred ? [name] : [];
  });
}

const BASE64_URL = charSet(0x2d, 0x5f, [0x30, 0x39], [0x41, 0x5a], [0x61, 0x7a]);
const ETAG = charSet(0x2d, [0x30, 0x39], [0x41, 0x46], [0x61, 0x66]);
const BUCKET_CHAR = charSet(0x2d, [0x30, 0x39], [0x61, 0x7a]);

const run = (set: CharSet): Nfa => sequence([{ kind: 'run', set }]);
const digit = (low: number, high: number): GlobNode => ({
  kind: 'one',
  set: charSet([0x30 + low, 0x30 + high]),
});
/** Two digits from 01 to 12 or 31. */
const twoDigits = (options: GlobNode[][]): Nfa => sequence([{ kind: 'choice', options }]);

function encodedLanguage(part: Part & { kind: 'b64' }): Nfa {
  return variablesOf(part.parts).length === 0 ? literal(render([part], {})) : run(BASE64_URL);
}

function valueLanguage(
  variable: string,
  cut: Cut,
  rule: Rule,
  output: Output,
  buckets: readonly string[],
): Nfa {
  const varied = output.vary[variable];
  if (varied !== undefined) {
    return union(varied.map((value) => literal(String(value))));
  }
  switch (variable) {
    case 'key':
      return cut.dir === undefined ? cut.base : concat([cut.dir, literal('/'), cut.base]);
    case 'dir':
      return cut.dir ?? literal('');
    case 'base':
      return cut.base;
    case 'name':
      return cut.name ?? cut.base;
    case 'ext':
      return cut.ext ?? literal('');
    case 'rule':
      return literal(rule.name);
    case 'bucket':
      return buckets.length === 0 ? run(BUCKET_CHAR) : union(buckets.map(literal));
    case 'etag':
      return run(ETAG);
    case 'yyyy':
      return sequence([digit(2, 2), digit(0, 9), digit(0, 9), digit(0, 9)]);
    case 'mm':
      return twoDigits([
        [digit(0, 0), digit(1, 9)],
        [digit(1, 1), digit(0, 2)],
      ]);
    case 'dd':
      return twoDigits([
        [digit(0, 0), digit(1, 9)],
        [digit(1, 2), digit(0, 9)],
        [digit(3, 3), digit(0, 1)],
      ]);
    default:
      return run(ANY_CHAR);
  }
}
