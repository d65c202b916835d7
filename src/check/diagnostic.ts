/** The path to a value in a document: object keys and array indices from the root. */
export type Path = readonly (string | number)[];

/**
 * `error`: it fails, or OSS documents that it refuses it. `warning`: probably not what was meant. `note`:
 * correct but surprising.
 */
export type Severity = 'error' | 'warning' | 'note';

/** Part of a text, in UTF-16 units. */
export interface Span {
  offset: number;
  length: number;
}

/** A place in a file. Line and column count from 1; columns count UTF-16 units, as editors do. */
export interface Place {
  file: string;
  line: number;
  column: number;
  /** How many UTF-16 units of the line are marked, at least 1. */
  length: number;
  /** The text of the line. */
  sourceLine: string;
}

/** At most this many loops, collisions and the like are reported: one mistake tends to affect all rules. */
export const maxReported = 20;

/** One finding about rules, a style, a template, a trigger or a deployment. */
export interface Diagnostic {
  severity: Severity;
  /** Stable, so that people can filter by it and accept it: `schema`, `loop`, `style`, `trigger-prefix`. */
  code: string;
  /** Says what is wrong, as a sentence: `rules[0].name: expected …, received …`. */
  message: string;
  /** Says what to do about it, if known. */
  hint?: string | undefined;
  path: Path;
  /** The part of the string at `path` that is wrong; absent for the whole value. */
  span?: Span | undefined;
  /** The key itself is wrong, not its value. */
  atKey?: boolean | undefined;
  /** The place in the text; absent if the document did not come from a text. */
  place?: Place | undefined;
}

export function error(code: string, path: Path, message: string, hint?: string): Diagnostic {
  return { severity: 'error', code, message, hint, path };
}

export function warning(code: string, path: Path, message: string, hint?: string): Diagnostic {
  return { severity: 'warning', code, message, hint, path };
}

/** A value that is not what was expected: `rules[0].name: expected …, received …`. */
export function mismatch(
  path: Path,
  expected: string,
  received: string,
  where: Pick<Diagnostic, 'span' | 'atKey'> = {},
): Diagnostic {
  const subject = path.length === 0 ? '' : `${formatPath(path)}: `;
  const message = `${subject}expected ${expected}, received ${received}`;
  return { ...error('schema', path, message), ...where };
}

/** `['rules', 0, 'a b']` as `rules[0]["a b"]`. */
function formatPath(path: Path): string {
  const steps = path.map((step) =>
    typeof step === 'string' && /^[\w$-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`,
  );
  return steps.join('').replace(/^\./, '');
}

/** Unusual kinds of spaces would look like the common one. */
const escapeSpace = (space: string) => `\\u${space.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Names a value in a message: its kind, or its text if that is short enough to recognise. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) {
    return 'nothing';
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? 'an empty list' : 'a list';
  }
  if (typeof value === 'object') {
    return 'an object';
  }
  const text =
    typeof value === 'string' ? JSON.stringify(value).replace(/[^\S ]/g, escapeSpace) : String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
