import {
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import { createIssue, type Issue, type LocatedIssue } from './issue.ts';
import { parseRules, type RuleSet } from './rule.ts';

/** `source` is the document as plain data: as JSON it is what the function reads, through the same `parseRules`. */
export type LoadedRules =
  | { ok: true; rules: RuleSet; source: unknown; locate: Locate }
  | { ok: false; issues: LocatedIssue[] };

/** Finds the place of an issue in the text that it is about. */
export type Locate = (issue: Issue) => LocatedIssue;

/** Aliases of lists of aliases would make a small file a huge document; rules have little to repeat. */
const maxAliases = 100;

/** An issue and where in the text it stands, in UTF-16 units. */
interface Placed {
  issue: Issue;
  at: number;
  /** What follows in the text is read wrongly, and only looks like more issues. */
  isLast?: boolean;
}

/**
 * Reads the text of `rules.yaml` (YAML 1.2, so also JSON): the rules, or every issue with line and column, in
 * the order of the text. `fileName` only names the file in issues.
 */
export function loadRules(fileText: string, fileName: string): LoadedRules {
  const { problems, source, locate } = readYaml(fileText, fileName);
  if (problems.length > 0) {
    return { ok: false, issues: problems };
  }
  const parsed = parseRules(source);
  if (parsed.ok) {
    return { ...parsed, source, locate };
  }
  const issues = parsed.issues.map(locate);
  return { ok: false, issues: issues.sort((a, b) => a.line - b.line || a.column - b.column) };
}

/** Reads any YAML text as plain data; where there are `problems`, there is none. */
export function readYaml(
  fileText: string,
  fileName: string,
): { problems: LocatedIssue[]; source: unknown; locate: Locate } {
  const text = fileText.replace(/^\ufeff/, '');
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    stringKeys: true,
    schema: 'core', // also where a %YAML directive asks for 1.1 and its many words for true and false
    resolveKnownTags: false,
  });
  const place = ({ issue, at }: Placed): LocatedIssue => {
    const { line, col: column } = lineCounter.linePos(at);
    const [sourceLine = ''] = /^[^\r\n]*/.exec(text.slice(at - column + 1)) ?? [];
    return { ...issue, file: fileName, line, column, sourceLine };
  };
  const broken = findYamlIssues(document).map(place);
  return {
    problems: broken.filter(({ line }, i) => line !== broken[i - 1]?.line),
    source: broken.length > 0 ? undefined : document.toJS({ maxAliasCount: -1 }),
    locate: (issue) => place({ issue, at: locate(document, issue, text) }),
  };
}

function byPosition(a: Placed, b: Placed): number {
  return a.at - b.at;
}

function findYamlIssues(document: Document.Parsed): Placed[] {
  // An unknown tag is a mere warning to the parser; here no tag has a meaning.
  const placed: Placed[] = [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const known = knownProblems[code];
    const [expected, received] = known ?? [quotedYaml, `an error: ${message}`];
    return { issue: createIssue([], expected, received), at: pos[0], isLast: known === undefined };
  });
  let aliases = 0;
  visit(document, {
    Alias(_, alias) {
      aliases += 1;
      const at = alias.range?.[0] ?? 0;
      if (aliases > maxAliases) {
        placed.push({ issue: createIssue([], `at most ${maxAliases} aliases`, 'more'), at });
        return visit.BREAK;
      }
      if (alias.resolve(document) === undefined) {
        placed.push({ issue: createIssue([], quotedYaml, `the alias *${alias.source} of no anchor`), at });
      }
      return undefined;
    },
  });
  placed.sort(byPosition);
  const last = placed.findIndex(({ isLast }) => isLast);
  return last < 0 ? placed : placed.slice(0, last + 1);
}

/** Nearly every slip of YAML here is a glob or template without quotes, of which the parser's words say nothing. */
const quotedYaml = 'valid YAML, with globs and templates in quotes';

const knownProblems: Partial<Record<ErrorCode, readonly [expected: string, received: string]>> = {
  DUPLICATE_KEY: ['each key once', 'the same key again'],
  MULTIPLE_DOCS: ['one document', 'a second one'],
  TAG_RESOLVE_FAILED: ['a value without a tag', 'a tag'],
  TAB_AS_INDENT: ['spaces as indentation', 'a tab'],
};

/** The offset of what the issue is about: a key, a value, a character of one, or the object that lacks the key. */
function locate(document: Document.Parsed, { path, offset, atKey }: Issue, text: string): number {
  let node: unknown = document.contents;
  let key: unknown;
  for (const step of path) {
    const inside = isAlias(node) ? node.resolve(document) : node;
    const pair = isMap(inside)
      ? inside.items.find((item) => isScalar(item.key) && item.key.value === step)
      : undefined;
    const next = isSeq(inside) && typeof step === 'number' ? inside.items[step] : pair?.value;
    if (next === undefined) {
      break;
    }
    node = next;
    key = pair?.key;
  }
  const place = atKey && isNode(key) ? key : node;
  const start = isNode(place) ? (place.range?.[0] ?? 0) : 0;
  if (offset === undefined || !isScalar(place) || typeof place.value !== 'string') {
    return start;
  }
  // Where the text is not written as it is read (escapes, folded lines), its start has to do.
  const quote = /["']/.test(text[start] ?? '') ? 1 : 0;
  return text.startsWith(place.value, start + quote) ? start + quote + offset : start;
}
