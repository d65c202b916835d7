import { CharSet, DFA, FAIterators, NFA, type TransitionIterable, Words } from 'refa';
import { type Budget, createBudget } from '../compile/budget.ts';
import { maxCharacter, parsePattern } from '../compile/glob.ts';
import { render, variablesOf } from '../rules/template.ts';
import type { Writer } from './graph.ts';

/*
 * The keys that a rule takes and those that an output writes are regular languages here. The values of a
 * variable are derived from the keys that the rule takes: these are split at their last slash and last dot,
 * each way separately, so that {dir}, {name} and {ext} of one key stay together. A variable that a template
 * uses twice counts as two. So an output's language may be larger than what it writes, never smaller.
 */

const options = { maxCharacter };

/** States of one automaton. Minimising takes more than linear time. */
const maxStates = 3_000;

/** The language of a JavaScript regular expression (Unicode, the whole text). */
export function regular(source: string, { nfa }: Budget, flags = 'u'): NFA {
  return NFA.fromRegex(parsePattern(source, flags), options, {}, nfa);
}

/** A regular expression that matches exactly this text. */
export function literalPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function oneOf(texts: readonly string[], { nfa }: Budget): NFA {
  return NFA.fromWords(texts.map(Words.fromStringToUnicode), options, nfa);
}

/** The minimal automaton of the keys that are in both languages. */
export function intersect<A, B>(a: TransitionIterable<A>, b: TransitionIterable<B>, budget: Budget): DFA {
  const { nfa } = createBudget(maxStates, budget);
  return smallest(NFA.fromIntersection(a, b, nfa), budget);
}

/** The minimal automaton of the keys that are in any of the languages. */
export function unite(languages: readonly DFA[], budget: Budget): DFA {
  const all = NFA.empty(options, budget.nfa);
  for (const language of languages) {
    all.union(language, budget.nfa);
  }
  return smallest(all, budget);
}

/** The minimal automaton of a language. Throws TooManyNodesError if it needs too many states on the way. */
export function smallest(language: NFA, budget: Budget): DFA {
  const deterministic = DFA.fromFA(language, createBudget(maxStates, budget).dfa);
  deterministic.minimize();
  return deterministic;
}

/** The keys of the first language that are not in the second. */
export function without<S>(keys: DFA, others: TransitionIterable<S>, budget: Budget): DFA {
  const rest = DFA.fromFA(others, budget.dfa);
  rest.complement(budget.dfa);
  return intersect(keys, rest, budget);
}

/** The keys of the first language that are in none of the others. */
export function withoutAll(keys: DFA, others: readonly { keys: DFA }[], budget: Budget): DFA {
  let rest = keys;
  for (const other of others) {
    rest = rest.isEmpty ? rest : without(rest, other.keys, budget);
  }
  return rest;
}

/** Keys whose folders and names are not empty and do not begin with a dot. */
const plainKeys = regular('[^/.][^/]*(?:/[^/.][^/]*)*', createBudget(maxStates));

/** A short key of the language, if possible one like those that people use. */
export function exampleKey(keys: DFA, budget: Budget): string | undefined {
  const plain = intersect(keys, plainKeys, budget);
  const word = FAIterators.shortestWordSet((plain.isEmpty ? keys : plain).transitionIterator());
  const readable = word?.map((set) => (set.isDisjointWith(letters) ? set : set.intersect(letters)));
  return readable && Words.fromUnicodeToString(Words.pickMostReadableWord(readable));
}

const letters = CharSet.fromRange(maxCharacter, { min: 0x61, max: 0x7a });

/** Such a key of both languages. */
export function commonKey<A, B>(a: TransitionIterable<A>, b: TransitionIterable<B>, budget: Budget) {
  return exampleKey(intersect(a, b, budget), budget);
}

/** All texts that a part of a key or a template can be. */
type Piece = NFA | string;

/** One way to split keys: what each part can be, independently of the others. */
export interface KeyParts {
  dir: Piece;
  name: Piece;
  ext: Piece;
  /** The name and the extension, or only the name if there is no extension. */
  base: Piece;
}

const slash = CharSet.fromCharacter(maxCharacter, 0x2f);
const dot = CharSet.fromCharacter(maxCharacter, 0x2e);
const notSlash = CharSet.all(maxCharacter).without(slash);

/** All ways to split keys at their last slash and last dot. */
export function splitKeys<S>(keys: TransitionIterable<S>, budget: Budget): KeyParts[] {
  const root = NFA.fromIntersection(keys, regular('[^/]*', budget), budget.nfa);
  const bases = splitAt(keys, slash, notSlash, budget).map(([dir, base]) => ({ dir, base }));
  return [{ dir: '', base: root }, ...bases].flatMap(({ dir, base }) => {
    const plain = NFA.fromIntersection(base, regular('\\.?[^.]*', budget), budget.nfa);
    const extended = splitAt(base, dot, notSlash.without(dot), budget).map(([name, ext]) => {
      return { dir, name, ext, base: concat([name, '.', ext], budget) };
    });
    return plain.isEmpty ? extended : [{ dir, name: plain, ext: '', base: plain }, ...extended];
  });
}

/** The texts before a separator, none empty, and those of `tail` after it: one pair for each state there. */
function splitAt<S>(keys: TransitionIterable<S>, separator: CharSet, tail: CharSet, { nfa }: Budget) {
  const whole = keys.transitionIterator();
  const before = new Map<S, Set<S>>();
  const states = new Set([whole.initial]);
  for (const state of states) {
    for (const [next, characters] of whole.getOut(state)) {
      states.add(next);
      if (!characters.isDisjointWith(separator)) {
        before.set(next, (before.get(next) ?? new Set()).add(state));
      }
    }
  }
  const tails = FAIterators.mapOut(whole, (out) => {
    const narrowed = [...out].map(([next, characters]) => [next, characters.intersect(tail)] as const);
    return new Map(narrowed.filter(([, characters]) => !characters.isEmpty));
  });
  return [...before].flatMap(([state, ends]): [NFA, NFA][] => {
    const heads = FAIterators.withIsFinal(whole, (one) => ends.has(one));
    const first = NFA.fromTransitionIterator(heads, options, nfa);
    const second = NFA.fromTransitionIterator(FAIterators.withInitial(tails, state), options, nfa);
    first.withoutEmptyWord();
    first.removeUnreachable();
    return first.isEmpty || second.isEmpty ? [] : [[first, second]];
  });
}

/** The concatenations of one text of each piece, in this order. */
export function concat(pieces: readonly Piece[], budget: Budget): NFA {
  const whole = NFA.emptyWord(options, budget.nfa);
  for (const piece of pieces) {
    whole.append(typeof piece === 'string' ? oneOf([piece], budget) : piece, budget.nfa);
  }
  return whole;
}

/** An output of a rule, and the bucket of its sources if it is known. */
type RuleOutput = Pick<Writer, 'rule' | 'output'> & { bucket?: string | undefined };

/** The keys under which an output saves what it makes of split keys: `render` for languages. */
export function writtenKeys(split: readonly KeyParts[], ruleOutput: RuleOutput, budget: Budget): NFA {
  const written = NFA.empty(options, budget.nfa);
  for (const key of split) {
    written.union(concat(piecesOf(key, ruleOutput, budget), budget), budget.nfa);
  }
  return written;
}

/** All keys that an output writes. */
export function keysOf({ rule, output }: RuleOutput, budget: Budget): NFA {
  return writtenKeys(splitKeys(rule.keys, budget), { rule, output }, budget);
}

/** The pieces of an output's key in order, for keys that were split in one way. */
export function piecesOf(key: KeyParts, ruleOutput: RuleOutput, budget: Budget): Piece[] {
  const { parts } = ruleOutput.output.target.key;
  return parts.map((part, i) => {
    const before = parts[i - 1];
    switch (part.kind) {
      case 'variable':
        return pieceOf(part.name, key, ruleOutput, budget);
      case 'b64':
        return variablesOf([part]).length === 0 ? render([part], {}) : regular('[\\w-]*', budget);
      default:
        return key.dir === '' && before?.kind === 'variable' && before.name === 'dir'
          ? part.text.replace(/^\//, '')
          : part.text;
    }
  });
}

/** Variables that only the event or OSS decides, as regular expressions. */
const eventVariables: Partial<Record<string, string>> = {
  etag: '[0-9A-Fa-f-]*',
  yyyy: '2\\d{3}',
  mm: '0[1-9]|1[0-2]',
  dd: '0[1-9]|[12]\\d|3[01]',
  // OSS fills it in: a number, or two for a page of a sheet (IMM help, "TargetURI template").
  index: '[0-9]+(?:_[0-9]+)?',
};

/** All texts that a variable can be. */
function pieceOf(name: string, key: KeyParts, { rule, output, bucket }: RuleOutput, budget: Budget): Piece {
  const values = output.vary?.[name];
  if (values !== undefined) {
    return oneOf(values.map(String), budget);
  }
  switch (name) {
    case 'dir':
    case 'base':
    case 'name':
    case 'ext':
      return key[name];
    case 'key':
      return key.dir === '' ? key.base : concat([key.dir, '/', key.base], budget);
    case 'rule':
      return rule.name;
    case 'bucket':
      return bucket ?? regular('[a-z0-9-]*', budget);
    default:
      return regular(eventVariables[name] ?? '[^]*', budget);
  }
}
