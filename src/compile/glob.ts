import { type Expression, JS, type NoParent } from 'refa';

/** A glob as parsed; `expression` is its regular expression, as refa wants it. */
export interface Glob {
  text: string;
  ignoresCase: boolean;
  expression: NoParent<Expression>;
}

/** Parsing failed at `offset` (UTF-16 units), where one thing was expected and another received. */
interface GlobProblem {
  ok: false;
  offset: number;
  expected: string;
  received: string;
}

export const maxCharacter = 0x10ffff;

/** People write globs by hand: a longer or deeper one is a mistake. */
const maxLength = 1_024;
const maxDepth = 8;

/** Whole folders, stars, a class, an escaped character, or any other character. */
const tokenPattern = /(?<![^/])\*\*\/|\*+|\[[!^]?(?:\\.|[^\]\\])*\]|\\.|./gsu;

/** Keys are UTF-8, which has no lone surrogates. */
const surrogates = '\\u{d800}-\\u{dfff}';
const anyCharacter = `[^${surrogates}]`;
const notSlash = `[^/${surrogates}]`;

/**
 * Parses an object key glob: `*` (within a folder), `**` (across folders; with a slash after it, also no
 * folder at all), `?` (one character, not `/`), `{a,b}`, `[a-z]`, `[!a-z]`, and `\` before a literal one.
 * Characters are Unicode code points. Matching is case-sensitive, like OSS keys, unless `ignoresCase`. Even
 * then folders before the first wildcard are literal, because triggers and policies need a literal prefix.
 */
export function parseGlob(text: string, ignoresCase = false): { ok: true; glob: Glob } | GlobProblem {
  if (text === '' || text.length > maxLength) {
    const offset = Math.min(text.length, maxLength);
    return { ok: false, offset, expected: `1 to ${maxLength} characters`, received: `${text.length}` };
  }
  let source = '';
  const braces: number[] = [];
  for (const { 0: token, index } of text.matchAll(tokenPattern)) {
    const expected = findMistake(token, braces.length);
    if (expected !== undefined) {
      return problemAt(text, index, expected);
    }
    source += token === ',' && braces.length > 0 ? '|' : patternOf(token);
    if (token === '{') {
      braces.push(index);
    } else if (token === '}') {
      braces.pop();
    }
  }
  const innermost = braces.at(-1);
  if (innermost !== undefined) {
    return problemAt(text, innermost, '"{" with its "}" (or "\\{" for the character itself)');
  }
  const folders = [...literalStart({ text, ignoresCase: true })].map(literal).join('');
  const expression = ignoresCase
    ? concatenate([parsePattern(folders), parsePattern(source.slice(folders.length), 'iu')])
    : parsePattern(source);
  return { ok: true, glob: { text, ignoresCase, expression } };
}

/** Parses a JavaScript regular expression that has to match a whole text. */
export function parsePattern(source: string, flags = 'u'): NoParent<Expression> {
  return JS.Parser.fromLiteral({ source, flags }).parse().expression;
}

function concatenate(parts: readonly NoParent<Expression>[]): NoParent<Expression> {
  const elements = parts.map(({ alternatives }) => ({ type: 'Alternation' as const, alternatives }));
  return { type: 'Expression', alternatives: [{ type: 'Concatenation', elements }] };
}

/** The same glob, ignoring case. */
export function ignoringCase(glob: Glob): Glob {
  const parsed = parseGlob(glob.text, true);
  return parsed.ok ? parsed.glob : glob;
}

function problemAt(text: string, offset: number, expected: string): GlobProblem {
  return { ok: false, offset, expected, received: JSON.stringify(text.slice(offset, offset + 12)) };
}

/** Says what is allowed instead of a wrong token inside `depth` braces. */
function findMistake(token: string, depth: number): string | undefined {
  const isClass = /^\[./s.test(token);
  const ranges = isClass ? rangesOf(token) : [];
  const isSorted = ranges.every(({ low, high }) => codeOf(low) <= codeOf(high));
  const mistakes: [boolean, string][] = [
    [token === '{' && depth >= maxDepth, `braces nested at most ${maxDepth} deep`],
    [token === '}' && depth === 0, 'no "}" without "{" (write "\\}")'],
    [token === '[', '"[" with its "]" (or "\\[" for the character itself)'],
    [token === '\\', 'a character after "\\"'],
    [token.startsWith('***'), '"*" or "**"'],
    [isClass && ranges.length === 0, 'at least one character between "[" and "]"'],
    [!isSorted, 'ranges from low to high, as in [a-z]'],
  ];
  return mistakes.find(([applies]) => applies)?.[1];
}

/** The regular expressions of the tokens with a special meaning. */
const patterns: Readonly<Record<string, string>> = {
  '**/': `(?:${anyCharacter}*/)?`,
  '**': `${anyCharacter}*`,
  '*': `${notSlash}*`,
  '?': notSlash,
  '{': '(?:',
  '}': ')',
};

/** The regular expression of a valid token. */
function patternOf(token: string): string {
  return patterns[token] ?? (token.startsWith('[') ? classPattern(token) : literal(token));
}

function classPattern(token: string): string {
  const ranges = rangesOf(token).map(({ low, high }) => `${literal(low)}-${literal(high)}`);
  // Like "*" and "?", a negated class never matches a slash.
  return isNegated(token) ? `[^/${surrogates}${ranges.join('')}]` : `[${ranges.join('')}]`;
}

const isNegated = (token: string) => /^\[[!^]/.test(token);

/** The characters of a class as ranges, each of one or more. */
function rangesOf(token: string): { low: string; high: string }[] {
  const ranges = token.slice(isNegated(token) ? 2 : 1, -1).matchAll(/(\\?.)(?:-(\\?.))?/gsu);
  return [...ranges].map(([, low = '', high = low]) => ({ low, high }));
}

/** The code point of a character, which may be escaped. */
const codeOf = (character: string) => character.replace(/^\\(?=.)/s, '').codePointAt(0) ?? 0;

const literal = (character: string) => `\\u{${codeOf(character).toString(16)}}`;

/** The text that all keys of a glob begin with. */
export function literalStart({ text, ignoresCase }: Pick<Glob, 'text' | 'ignoresCase'>): string {
  const [start = ''] = /^[^*?[{\\]*/.exec(text) ?? [];
  return ignoresCase ? start.slice(0, start.lastIndexOf('/') + 1) : start;
}
