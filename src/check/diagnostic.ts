/** A place in a document: object keys and array indices from the root. */
export type Path = readonly (string | number)[];

/**
 * `error`: it fails, or OSS documents that it refuses it. `warning`: it is probably not what was meant.
 * `note`: it is right, and surprising.
 */
export type Severity = 'error' | 'warning' | 'note';

/** Part of a text, in UTF-16 units. */
export interface Span {
  offset: number;
  length: number;
}

/** A place in a file; line and column count from 1, columns in UTF-16 units as editors do. */
export interface Place {
  file: string;
  line: number;
  column: number;
  /** How many UTF-16 units of the line are marked, at least 1. */
  length: number;
  /** The text of the line. */
  sourceLine: string;
}

/** No more loops, collisions and the like are told: one mistake tends to repeat itself over all rules. */
export const maxTold = 20;

/** One thing worth telling about rules, a style, a template, a trigger or a deployment. */
export interface Diagnostic {
  severity: Severity;
  /** Stable, for people who filter and acknowledge: `schema`, `loop`, `style`, `trigger-prefix`. */
  code: string;
  /** Says what is wrong, as a sentence: `rules[0].name: expected …, received …`. */
  message: string;
  /** Says what to do about it, where that is known. */
  hint?: string | undefined;
  path: Path;
  /** The part of the string at `path` that is meant; the whole value where it is absent. */
  span?: Span | undefined;
  /** The key itself is meant and not the value behind it. */
  atKey?: boolean | undefined;
  /** The place in the text that was read; absent where the document came from no text. */
  place?: Place | undefined;
}

/** Something that fails. */
export function error(code: string, path: Path, message: string, hint?: string): Diagnostic {
  return { severity: 'error', code, message, hint, path };
}

/** Something that is probably not what was meant. */
export function warning(code: string, path: Path, message: string, hint?: string): Diagnostic {
  return { severity: 'warning', code, message, hint, path };
}

/** A value that is not what its place wants: `rules[0].name: expected …, received …`. */
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

/** A space of another kind than the common one would pass for it. */
const escapeSpace = (space: string) => `\\u${space.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Names a value in a message: its kind, or its text where that is short enough to recognise. */
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
