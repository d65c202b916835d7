import { CharSet, type Concatenation, type Element, type NoParent } from 'refa';

/** A glob as parsed; `expression` is its regular expression, as refa wants it. */
export interface Glob {
  text: string;
  expression: NoParent<Concatenation>;
}

/** The parser expected one thing and received another at `offset` (UTF-16 units) of the text. */
interface GlobProblem {
  ok: false;
  offset: number;
  expected: string;
  received: string;
}

export const maxCharacter = 0x10ffff;

/** Every code point that a key can hold: keys are UTF-8, which has no lone surrogates. */
const anyCharacter = CharSet.all(maxCharacter).without({ min: 0xd800, max: 0xdfff });
export const slash = CharSet.fromCharacter(maxCharacter, 0x2f);
export const notSlash = anyCharacter.without(slash);

/** Globs are people's text: longer or deeper than this is a mistake. */
const maxLength = 1_024;
const maxDepth = 8;

/** Whole folders, stars, a class, an escaped character, or any other one. */
const tokenPattern = /(?<![^/])\*\*\/|\*+|\[[!^]?(?:\\.|[^\]\\])*\]|\\.|./suy;

/** A token that cannot stand where it does: `expected` says what can, `at` so many units into it. */
interface TokenProblem {
  expected: string;
  at: number;
}

const refuse = (expected: string, at = 0): TokenProblem => ({ expected, at });

/** The alternatives between braces, or of the whole glob, as far as they are read. */
interface Group {
  offset: number;
  alternatives: NoParent<Concatenation>[];
}

/**
 * Parses an object key glob: `*` (within a folder), `**` (across folders; with a slash behind it, also no folder at all),
 * `?` (one character, not `/`), `{a,b}`, `[a-z]`, `[!a-z]`, and `\` before a character taken literally.
 * Characters are Unicode code points; matching is case-sensitive, as OSS keys are.
 */
export function parseGlob(text: string): { ok: true; glob: Glob } | GlobProblem {
  if (text === '' || text.length > maxLength) {
    const offset = Math.min(text.length, maxLength);
    return { ok: false, offset, expected: `1 to ${maxLength} characters`, received: `${text.length}` };
  }
  const expression = sequence([]);
  const groups: Group[] = [{ offset: 0, alternatives: [expression] }];
  for (let offset = 0; offset < text.length; ) {
    tokenPattern.lastIndex = offset;
    const [token = ''] = tokenPattern.exec(text) ?? [];
    const problem = readToken(token, offset, groups);
    if (problem !== undefined) {
      return problemAt(text, offset + problem.at, problem.expected);
    }
    offset += token.length;
  }
  const [, ...open] = groups;
  const innermost = open.at(-1);
  if (innermost !== undefined) {
    return problemAt(text, innermost.offset, '"{" with its "}" (or "\\{" for the character itself)');
  }
  return { ok: true, glob: { text, expression } };
}

function problemAt(text: string, offset: number, expected: string): GlobProblem {
  const rest = text.slice(offset, offset + 12);
  return { ok: false, offset, expected, received: rest === '' ? 'the end' : JSON.stringify(rest) };
}

/** Adds what a token stands for to the innermost group. */
function readToken(token: string, offset: number, groups: Group[]): TokenProblem | undefined {
  if (token === '{') {
    groups.push({ offset, alternatives: [sequence([])] });
    return groups.length > maxDepth + 1 ? refuse(`braces nested at most ${maxDepth} deep`) : undefined;
  }
  const isInBraces = groups.length > 1;
  if (token === ',' && isInBraces) {
    groups.at(-1)?.alternatives.push(sequence([]));
    return undefined;
  }
  if (token === '}' && !isInBraces) {
    return refuse('no "}" without "{" (write "\\}")');
  }
  const element = token === '}' ? choice(groups.pop()?.alternatives ?? []) : elementOf(token);
  if ('expected' in element) {
    return element;
  }
  groups.at(-1)?.alternatives.at(-1)?.elements.push(element);
  return undefined;
}

function elementOf(token: string): NoParent<Element> | TokenProblem {
  switch (token) {
    case '**/':
      return choice([sequence([]), sequence([anyNumberOf(anyCharacter), one(slash)])]);
    case '**':
      return anyNumberOf(anyCharacter);
    case '*':
      return anyNumberOf(notSlash);
    case '?':
      return one(notSlash);
    case '[':
      return refuse('"[" with its "]" (or "\\[" for the character itself)');
    case '\\':
      return refuse('a character after "\\"', 1);
  }
  if (token.startsWith('*')) {
    return refuse('"*" or "**"');
  }
  return token.startsWith('[') ? classOf(token) : one(rangeOf(token));
}

/** A class of characters, each alone or a range. */
function classOf(token: string): NoParent<Element> | TokenProblem {
  const isNegated = /^\[[!^]/.test(token);
  const start = isNegated ? 2 : 1;
  let characters = CharSet.empty(maxCharacter);
  for (const { 1: low = '', 2: high = low, index } of token
    .slice(start, -1)
    .matchAll(/(\\?.)(?:-(\\?.))?/gsu)) {
    if (codeOf(low) > codeOf(high)) {
      return refuse('a range from low to high, as in [a-z]', start + index);
    }
    characters = characters.union(rangeOf(low, high));
  }
  if (characters.isEmpty) {
    return refuse('at least one character between "[" and "]"');
  }
  // A negated class never crosses a folder, no more than "*" and "?" do.
  return one(isNegated ? notSlash.without(characters) : characters);
}

/** The code point of a character that may be escaped. */
const codeOf = (character: string) => character.replace(/^\\(?=.)/s, '').codePointAt(0) ?? 0;

function rangeOf(low: string, high = low): CharSet {
  return CharSet.fromRange(maxCharacter, { min: codeOf(low), max: codeOf(high) });
}

function sequence(elements: NoParent<Element>[]): NoParent<Concatenation> {
  return { type: 'Concatenation', elements };
}

function choice(alternatives: NoParent<Concatenation>[]): NoParent<Element> {
  return { type: 'Alternation', alternatives };
}

function one(characters: CharSet): NoParent<Element> {
  return { type: 'CharacterClass', characters: characters.intersect(anyCharacter) };
}

/** Any number of characters of a set. */
function anyNumberOf(characters: CharSet): NoParent<Element> {
  const alternatives = [sequence([one(characters)])];
  return { type: 'Quantifier', min: 0, max: Number.POSITIVE_INFINITY, lazy: false, alternatives };
}

/** The text that all keys of a glob begin with. */
export const literalStart = (glob: string) => /^[^*?[{\\]*/.exec(glob)?.[0] ?? '';
