import { ANY_CHAR, type CharSet, charSet, complement, NOT_SLASH, SLASH } from './char-set.ts';

/** One step of a glob: one code point, a run of code points, or a choice between sequences. */
export type GlobNode =
  | { kind: 'one'; set: CharSet }
  | { kind: 'run'; set: CharSet }
  | { kind: 'choice'; options: GlobNode[][] };

/** A parsed glob; `prefix` is the literal text that every match begins with (a cheap first test). */
export interface Glob {
  text: string;
  prefix: string;
  nodes: GlobNode[];
}

/** What was expected and found at `offset` (UTF-16 units) of the text. */
export interface SyntaxProblem {
  ok: false;
  offset: number;
  expected: string;
  received: string;
}

/** Globs are people's text: longer or deeper than this is a mistake, and bounds what matching may cost. */
const maxLength = 1_024;
const maxDepth = 8;

const ANYTHING: GlobNode = { kind: 'run', set: ANY_CHAR };
const ANY_FOLDERS: GlobNode = { kind: 'choice', options: [[], [ANYTHING, { kind: 'one', set: SLASH }]] };

/**
 * Parses an object key glob: `*` (within a folder), `**` (across folders; with a slash behind it, also no folder at all),
 * `?` (one character, not `/`), `{a,b}`, `[a-z]`, `[!a-z]`, and `\` before a character taken literally.
 * Characters are Unicode code points; matching is case-sensitive, as OSS keys are.
 */
export function parseGlob(text: string): { ok: true; glob: Glob } | SyntaxProblem {
  if (text === '') {
    return { ok: false, offset: 0, expected: 'a glob such as "uploads/**/*.jpg"', received: '""' };
  }
  if (text.length > maxLength) {
    return {
      ok: false,
      offset: maxLength,
      expected: `at most ${maxLength} characters`,
      received: `${text.length}`,
    };
  }
  const parser: Parser = { text, offset: 0, depth: 0 };
  try {
    const nodes = parseSequence(parser);
    if (parser.offset < text.length) {
      fail(parser, parser.offset, 'no "}" without "{" (write "\\}")');
    }
    return { ok: true, glob: { text, prefix: literalPrefix(nodes), nodes } };
  } catch (error) {
    if (error instanceof GlobSyntaxError) {
      return error.problem;
    }
    throw error;
  }
}

interface Parser {
  text: string;
  offset: number;
  depth: number;
}

class GlobSyntaxError extends Error {
  override name = 'GlobSyntaxError';
  readonly problem: SyntaxProblem;
  constructor(problem: SyntaxProblem) {
    super(problem.expected);
    this.problem = problem;
  }
}

function fail(parser: Parser, offset: number, expected: string): never {
  const found = parser.text.slice(offset, offset + 12);
  throw new GlobSyntaxError({
    ok: false,
    offset,
    expected,
    received: found === '' ? 'the end' : JSON.stringify(found),
  });
}

/** Reads up to the end, or inside braces up to the `,` or `}` that belongs to them. */
function parseSequence(parser: Parser): GlobNode[] {
  const nodes: GlobNode[] = [];
  while (parser.offset < parser.text.length) {
    const char = parser.text[parser.offset];
    if (char === '}' || (char === ',' && parser.depth > 0)) {
      break;
    }
    nodes.push(parseNode(parser));
  }
  return nodes;
}

function parseNode(parser: Parser): GlobNode {
  switch (parser.text[parser.offset]) {
    case '*':
      return parseStars(parser);
    case '?':
      parser.offset += 1;
      return { kind: 'one', set: NOT_SLASH };
    case '[':
      return parseClass(parser);
    case '{':
      return parseChoice(parser);
    default:
      return { kind: 'one', set: charSet(readChar(parser)) };
  }
}

function parseStars(parser: Parser): GlobNode {
  const stars = /^\*+/.exec(parser.text.slice(parser.offset))?.[0].length ?? 0;
  if (stars > 2) {
    fail(parser, parser.offset, '"*" or "**"');
  }
  const atFolderStart = parser.offset === 0 || parser.text[parser.offset - 1] === '/';
  parser.offset += stars;
  if (stars === 1) {
    return { kind: 'run', set: NOT_SLASH };
  }
  if (!atFolderStart || parser.text[parser.offset] !== '/') {
    return ANYTHING;
  }
  parser.offset += 1;
  return ANY_FOLDERS;
}

function parseChoice(parser: Parser): GlobNode {
  const open = parser.offset;
  if (parser.depth >= maxDepth) {
    fail(parser, open, `braces nested at most ${maxDepth} deep`);
  }
  parser.depth += 1;
  const options: GlobNode[][] = [];
  do {
    parser.offset += 1; // the "{" or "," before the option
    options.push(parseSequence(parser));
  } while (parser.text[parser.offset] === ',');
  if (parser.text[parser.offset] !== '}') {
    fail(parser, open, '"{" with its "}" (or "\\{" for the character itself)');
  }
  parser.offset += 1;
  parser.depth -= 1;
  return { kind: 'choice', options };
}

function parseClass(parser: Parser): GlobNode {
  const open = parser.offset;
  parser.offset += 1;
  const negated = parser.text[parser.offset] === '!' || parser.text[parser.offset] === '^';
  if (negated) {
    parser.offset += 1;
  }
  const ranges: [number, number][] = [];
  while (parser.text[parser.offset] !== ']') {
    if (parser.offset >= parser.text.length) {
      fail(parser, open, '"[" with its "]" (or "\\[" for the character itself)');
    }
    const start = parser.offset;
    const low = readChar(parser);
    let high = low;
    if (parser.text[parser.offset] === '-' && parser.text[parser.offset + 1] !== ']') {
      parser.offset += 1;
      high = readChar(parser);
    }
    if (high < low) {
      fail(parser, start, 'a range from low to high, as in [a-z]');
    }
    ranges.push([low, high]);
  }
  if (ranges.length === 0) {
    fail(parser, open, 'at least one character between "[" and "]"');
  }
  parser.offset += 1;
  // As with "*" and "?", a negated class never crosses a folder.
  return { kind: 'one', set: negated ? complement(charSet(...ranges, SLASH_CODE)) : charSet(...ranges) };
}

const SLASH_CODE = 0x2f;

/** Reads one code point, `\` taking the next one literally. */
function readChar(parser: Parser): number {
  if (parser.text[parser.offset] === '\\') {
    parser.offset += 1;
  }
  const code = parser.text.codePointAt(parser.offset);
  if (code === undefined) {
    fail(parser, parser.offset, 'a character after "\\"');
  }
  parser.offset += code > 0xffff ? 2 : 1;
  return code;
}

function literalPrefix(nodes: GlobNode[]): string {
  let prefix = '';
  for (const node of nodes) {
    const [low, high] = node.kind === 'one' ? node.set : [0, 1];
    if (node.kind !== 'one' || node.set.length !== 2 || low === undefined || low !== high) {
      break;
    }
    prefix += String.fromCodePoint(low);
  }
  return prefix;
}
