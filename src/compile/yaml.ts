import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { Diagnostic, Place } from '../check/diagnostic.ts';

/** A YAML text as plain data. If it is broken there is no data, but `diagnostics`, each with its place. */
interface YamlText {
  diagnostics: Diagnostic[];
  value: unknown;
  /** Adds the place in the text to a diagnostic. */
  locate: (diagnostic: Diagnostic) => Diagnostic;
}

/** Lists of aliases of lists could make a small file huge; ten thousand rules repeat less than this. */
const maxRepeated = 200_000;

/** Reads a text in YAML 1.2, and therefore also JSON. `file` is only used in places. */
export function readYaml(text: string, file: string): YamlText {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    stringKeys: true,
    schema: 'core', // also where a %YAML directive asks for 1.1 and its many words for true and false
    resolveKnownTags: false,
    merge: true, // `<<: *base`, which Serverless Devs reads as well
  });
  const placeAt = (offset: number, length = 1): Place => {
    const { line, col: column } = lineCounter.linePos(offset);
    const [sourceLine = ''] = /^[^\r\n]*/.exec(text.slice(offset - column + 1)) ?? [];
    return { file, line, column, length: Math.max(1, length), sourceLine };
  };
  const problems = findProblems(document);
  const lookalike = findLookalike(text);
  const causes = lookalike && problems.length > 0 ? [lookalike] : problems;
  const broken = causes.map(({ message, offset, hint }) => {
    return { severity: 'error' as const, code: 'schema', message, hint, path: [], place: placeAt(offset) };
  });
  return {
    diagnostics: broken.filter(({ place }, i) => place.line !== broken[i - 1]?.place.line),
    value: broken.length > 0 ? undefined : document.toJS({ maxAliasCount: -1 }),
    locate: (diagnostic) => ({
      ...diagnostic,
      place: placeAt(offsetOf(document, diagnostic, text), diagnostic.span?.length),
    }),
  };
}

/** Most YAML mistakes here are globs or templates without quotes, which the parser's words do not mention. */
const quotesHint = 'Globs and templates need quotes.';
/** Advice for some of the parser's codes; the messages of the others suffice. */
const hints: Readonly<Record<string, string>> = {
  BAD_DQ_ESCAPE: 'In double quotes a backslash begins an escape; folders of a key are separated by "/".',
  BLOCK_AS_IMPLICIT_KEY: 'Fields of one object begin in one column; a text with a colon needs quotes.',
  MULTILINE_IMPLICIT_KEY: 'A space follows the colon of each field.',
  NON_STRING_KEY: quotesHint,
  TAG_RESOLVE_FAILED: quotesHint,
  UNEXPECTED_TOKEN: quotesHint,
};

/** Characters that look like a space or a colon at the beginning of a line. */
const oddSpace = /^ *(?:- *)*(?:[\w.]+: *)?([\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff])/;
const oddColon = /^ *(?:- +)*[\w.]+\uff1a/;
const lookalikes = new RegExp(`${oddSpace.source}|${oddColon.source}`, 'm');

/** Finds the first of them: the parser takes it for a letter, and reports an error lines below it. */
function findLookalike(text: string) {
  const match = lookalikes.exec(text);
  if (match === null) {
    return undefined;
  }
  const [found, space] = match;
  const offset = match.index + found.length - 1;
  const hex = found.charCodeAt(found.length - 1).toString(16);
  const wanted = space === undefined ? 'colon' : 'space';
  const character = `U+${hex.toUpperCase().padStart(4, '0')}`;
  const message = `The character ${character} stands where YAML wants a plain ${wanted}`;
  return { message, offset, hint: 'Type it again with the input method set to English.' };
}

/** Lists what is wrong, in the order of the text, up to a tab or a misplaced word: the rest is misread. */
function findProblems(document: Document.Parsed) {
  // The parser only warns of an unknown tag, but no tag has a meaning here.
  const problems = [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const [words = ''] = message.split('; please'); // The rest is for programmers.
    const isLast = ['TAB_AS_INDENT', 'UNEXPECTED_TOKEN'].includes(code);
    return { message: words, offset: pos[0], hint: hints[code], isLast };
  });
  const refuse = (node: Node | null, message: string, hint?: string) => {
    problems.push({ message, offset: node?.range?.[0] ?? 0, hint, isLast: false });
  };
  checkValues(document, checkAliases(document, refuse), refuse);
  problems.sort((a, b) => a.offset - b.offset);
  const last = problems.findIndex(({ isLast }) => isLast);
  return last < 0 ? problems : problems.slice(0, last + 1);
}

type AliasTargets = Map<unknown, Node | undefined>;
type ProblemReporter = (node: Node | null, message: string, hint?: string) => void;

/** Refuses aliases without an anchor, in their own target or repeating too much. Returns their targets. */
function checkAliases(document: Document.Parsed, refuse: ProblemReporter): AliasTargets {
  const anchors = new Map<string, Node>();
  const targets: AliasTargets = new Map();
  const sizes = new Map<unknown, number>();
  let repeated = 0;
  visit(document, {
    Node(_, node, path) {
      const target = isAlias(node) ? anchors.get(node.source) : undefined;
      const size = 1 + (sizes.get(target) ?? 0);
      for (const outer of [...path, node]) {
        sizes.set(outer, (sizes.get(outer) ?? 0) + size);
      }
      if (!isAlias(node)) {
        anchors.set(node.anchor ?? '', node);
        return undefined;
      }
      targets.set(node, target);
      repeated += size;
      if (target === undefined) {
        refuse(node, `The alias *${node.source} has no anchor`, quotesHint);
      } else if (path.includes(target)) {
        refuse(node, `The alias *${node.source} is inside the value that it repeats`);
      } else if (repeated > maxRepeated) {
        refuse(node, `Aliases repeat more than ${maxRepeated} values`);
        return visit.BREAK;
      }
      return undefined;
    },
  });
  return targets;
}

/**
 * Refuses `<<: text`, on which the library throws: only a map or a list of maps can be merged. Refuses
 * numbers of `vary` that would not be saved as they are written: 0100 as 100, 2.0 as 2.
 */
function checkValues(document: Document.Parsed, targets: AliasTargets, refuse: ProblemReporter): void {
  const read = (node: unknown) => targets.get(node) ?? node;
  const isVary = (one: unknown) => isPair(one) && isScalar(one.key) && one.key.value === 'vary';
  visit(document, {
    Pair(_, { key, value }) {
      const isMerge = isScalar(key) && key.source === '<<';
      const source = read(value);
      const sources = isSeq(source) ? source.items.map(read) : [source];
      if (isMerge && !sources.every(isMap)) {
        refuse(key, 'The key << merges a map, such as an alias of one, or a list of maps');
      }
    },
    Scalar(_, node, path) {
      const { value, source } = node;
      if (Number.isFinite(value) && source !== String(value) && path.some(isVary)) {
        refuse(node, `${source} is read as the number ${value}`, `As a text in quotes it stays "${source}".`);
      }
    },
  });
}

/** Finds the place that a diagnostic means: a key, a value, a part of one, or an object without the key. */
function offsetOf(document: Document.Parsed, { path, span, atKey }: Diagnostic, text: string): number {
  let node: unknown = document.contents;
  let key: unknown;
  for (const step of path) {
    const inside = isAlias(node) ? node.resolve(document) : node;
    const next: unknown = isCollection(inside) ? inside.get(step, true) : undefined;
    if (next === undefined) {
      break;
    }
    const pairs = isMap(inside) ? inside.items : [];
    key = pairs.find((pair) => pair.value === next)?.key;
    node = next;
  }
  const target = atKey === true && isNode(key) ? key : node;
  const start = isNode(target) ? (target.range?.[0] ?? 0) : 0;
  if (span === undefined || !isScalar(target) || typeof target.value !== 'string') {
    return start;
  }
  // If the text is not written as it is read (escapes, folded lines, variables), its start is used.
  const quote = /["']/.test(text[start] ?? '') ? 1 : 0;
  const isInText = text.startsWith(target.value, start + quote) && span.offset <= target.value.length;
  return isInText ? start + quote + span.offset : start;
}
