import { CharSet, type Concatenation, type Element, type NoParent } from 'refa';

/** A parsed glob; `expression` is its regular expression, as refa wants it. */
export interface Glob {
  text: string;
  expression: NoParent<Concatenation>;
}

export type ParsedGlob =
  | { ok: true; glob: Glob }
  /** What was expected and received at `offset` (UTF-16 units) of the text. */
  | { ok: false; offset: number; expected: string; received: string };

export const maxCharacter = 0x10ffff;

/** Every code point that a key can hold: keys are UTF-8, which has no lone surrogates. */
export const anyCharacter = CharSet.all(maxCharacter).without({ min: 0xd800, max: 0xdfff });
export const slash = CharSet.fromCharacter(maxCharacter, 0x2f);
export const notSlash = anyCharacter.without(slash);

/** Globs are people's text: longer or deeper than this is a mistake. */
const maxLength = 1_024;
const maxDepth = 8;

/**
 * Parses an object key glob: `*` (within a folder), `**` (across folders; with a slash behind it, also no folder at all),
 * `?` (one character, not `/`), `{a,b}`, `[a-z]`, `[!a-z]`, and `\` before a character taken literally.
 * Characters are Unicode code points; matching is case-sensitive, as OSS keys are.
 */
export function parseGlob(text: string): ParsedGlob {
  const reader: Reader = { text, offset: 0, depth: 0 };
  try {
    if (text.length > maxLength) {
      fail(reader, maxLength, `at most ${maxLength} characters`, `${text.length}`);
    }
    const expression = parseSequence(reader);
    if (text === '' || reader.offset < text.length) {
      fail(reader, reader.offset, text === '' ? 'a glob' : 'no "}" without "{" (write "\\}")');
    }
    return { ok: true, glob: { text, expression } };
  } catch (error) {
    if (error instanceof GlobSyntaxError) {
      return { ok: false, offset: error.offset, expected: error.message, received: error.received };
    }
    throw error;
  }
}

/** The regular expression of exactly this text. */
export function literal(text: string): NoParent<Concatenation> {
  return sequence([...text].map((character) => one(codePoint(character.codePointAt(0) ?? 0))));
}

/** Any number of characters of a set. */
export function run(characters: CharSet): NoParent<Element> {
  const alternatives = [sequence([one(characters)])];
  return { type: 'Quantifier', min: 0, max: Number.POSITIVE_INFINITY, lazy: false, alternatives };
}

export function sequence(elements: NoParent<Element>[]): NoParent<Concatenation> {
  return { type: 'Concatenation', elements };
}

export function choice(alternatives: NoParent<Concatenation>[]): NoParent<Element> {
  return { type: 'Alternation', alternatives };
}

export function one(characters: CharSet): NoParent<Element> {
  return { type: 'CharacterClass', characters: characters.intersect(anyCharacter) };
}

const codePoint = (code: number) => CharSet.fromCharacter(maxCharacter, code);

interface Reader {
  text: string;
  offset: number;
  depth: number;
}

class GlobSyntaxError extends Error {
  override name = 'GlobSyntaxError';
  readonly offset: number;
  readonly received: string;
  constructor(offset: number, expected: string, received: string) {
    super(expected);
    this.offset = offset;
    this.received = received;
  }
}

function fail({ text }: Reader, offset: number, expected: string, received?: string): never {
  const rest = text.slice(offset, offset + 12);
  throw new GlobSyntaxError(offset, expected, received ?? (rest === '' ? 'the end' : JSON.stringify(rest)));
}

/** Reads up to the end, or inside braces up to the `,` or `}` that belongs to them. */
function parseSequence(reader: Reader): NoParent<Concatenation> {
  const elements: NoParent<Element>[] = [];
  while (reader.offset < reader.text.length) {
    const character = reader.text[reader.offset];
    if (character === '}' || (character === ',' && reader.depth > 0)) {
      break;
    }
    elements.push(parseElement(reader));
  }
  return sequence(elements);
}

function parseElement(reader: Reader): NoParent<Element> {
  switch (reader.text[reader.offset]) {
    case '*':
      return parseStars(reader);
    case '?':
      reader.offset += 1;
      return one(notSlash);
    case '[':
      return parseClass(reader);
    case '{':
      return parseChoice(reader);
    default:
      return one(codePoint(readCodePoint(reader)));
  }
}

function parseStars(reader: Reader): NoParent<Element> {
  const { text, offset } = reader;
  const [stars = ''] = /^\*+/.exec(text.slice(offset)) ?? [];
  if (stars.length > 2) {
    fail(reader, offset, '"*" or "**"');
  }
  reader.offset += stars.length;
  if (stars.length === 1) {
    return run(notSlash);
  }
  const isWholeFolder = (offset === 0 || text[offset - 1] === '/') && text[reader.offset] === '/';
  if (!isWholeFolder) {
    return run(anyCharacter);
  }
  reader.offset += 1;
  return choice([sequence([]), sequence([run(anyCharacter), one(slash)])]);
}

function parseChoice(reader: Reader): NoParent<Element> {
  const open = reader.offset;
  if (reader.depth >= maxDepth) {
    fail(reader, open, `braces nested at most ${maxDepth} deep`);
  }
  reader.depth += 1;
  const alternatives: NoParent<Concatenation>[] = [];
  do {
    reader.offset += 1; // the "{" or "," before the alternative
    alternatives.push(parseSequence(reader));
  } while (reader.text[reader.offset] === ',');
  if (reader.text[reader.offset] !== '}') {
    fail(reader, open, '"{" with its "}" (or "\\{" for the character itself)');
  }
  reader.offset += 1;
  reader.depth -= 1;
  return choice(alternatives);
}

function parseClass(reader: Reader): NoParent<Element> {
  const open = reader.offset;
  const isNegated = /^\[[!^]/.test(reader.text.slice(open));
  reader.offset += isNegated ? 2 : 1;
  let characters = CharSet.empty(maxCharacter);
  while (reader.text[reader.offset] !== ']') {
    if (reader.offset >= reader.text.length) {
      fail(reader, open, '"[" with its "]" (or "\\[" for the character itself)');
    }
    characters = characters.union([parseRange(reader)]);
  }
  if (characters.isEmpty) {
    fail(reader, open, 'at least one character between "[" and "]"');
  }
  reader.offset += 1;
  // As with "*" and "?", a negated class never crosses a folder.
  return one(isNegated ? notSlash.without(characters) : characters);
}

/** One character of a class, or a range of them. */
function parseRange(reader: Reader): { min: number; max: number } {
  const start = reader.offset;
  const min = readCodePoint(reader);
  if (!/^-[^\]]/s.test(reader.text.slice(reader.offset))) {
    return { min, max: min };
  }
  reader.offset += 1;
  const max = readCodePoint(reader);
  if (max < min) {
    fail(reader, start, 'a range from low to high, as in [a-z]');
  }
  return { min, max };
}

/** Reads one code point, `\` taking the next one literally. */
function readCodePoint(reader: Reader): number {
  if (reader.text[reader.offset] === '\\') {
    reader.offset += 1;
  }
  const code = reader.text.codePointAt(reader.offset);
  if (code === undefined) {
    fail(reader, reader.offset, 'a character after "\\"');
  }
  reader.offset += code > 0xffff ? 2 : 1;
  return code;
}
