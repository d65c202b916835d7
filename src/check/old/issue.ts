/** Where in a document: object keys and array indices from the root. */
export type Path = readonly (string | number)[];

/** One thing wrong with a rules document, said so that its author can put it right. */
export interface Issue {
  path: Path;
  expected: string;
  received: string;
  message: string;
  /** Where inside the string at `path`, in UTF-16 units, when a single character is to blame. */
  offset?: number;
  /** How much from there on is to blame, in UTF-16 units; default: one character is pointed at. */
  length?: number;
  /** The key itself is wrong, not what stands behind it. */
  atKey?: true;
}

/** An issue found in a text: `line` and `column` count from 1, columns in UTF-16 units as editors do. */
export interface LocatedIssue extends Issue {
  file: string;
  line: number;
  column: number;
  sourceLine: string;
}

/** Makes an issue and writes its message: `rules[0].name: expected …, received …`. */
export function createIssue(
  path: Path,
  expected: string,
  received: string,
  place: Pick<Issue, 'offset' | 'atKey'> = {},
): Issue {
  const where = path.length === 0 ? '' : `${formatPath(path)}: `;
  return {
    path,
    expected,
    received,
    message: `${where}expected ${expected}, received ${received}`,
    ...place,
  };
}

/** `['rules', 0, 'a b']` as `rules[0]["a b"]`. */
export function formatPath(path: Path): string {
  return path
    .map((step, i) => {
      if (typeof step === 'string' && /^[\w$-]+$/.test(step)) {
        return i === 0 ? step : `.${step}`;
      }
      return `[${JSON.stringify(step)}]`;
    })
    .join('');
}

/** Names a value in an issue: its kind, or its text when that is short enough to recognise. */
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
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

const maxQuoted = 240;

/** The issue as one line, and for a located one the source line with a caret under the place. */
export function formatIssue(issue: Issue | LocatedIssue): string {
  if (!('line' in issue)) {
    return issue.message;
  }
  const { file, line, column } = issue;
  // Of a file without line breaks only the neighbourhood is shown.
  const from = Math.max(0, issue.sourceLine.length > maxQuoted ? column - maxQuoted / 2 : 0);
  const sourceLine = issue.sourceLine.slice(from, from + maxQuoted);
  const at = column - 1 - from;
  const gutter = `  ${line} | `;
  // CJK and emoji take two cells on a terminal; tabs are repeated so that they line up whatever their width.
  const indent = [...sourceLine.slice(0, at)].map((char) =>
    char === '\t' ? char : isWide(char) ? '  ' : ' ',
  );
  const marked = [...sourceLine.slice(at, at + (issue.length ?? 1))];
  const carets = marked.map((char) => (isWide(char) ? '^^' : '^')).join('') || '^';
  const caret = `${' '.repeat(gutter.length - 2)}| ${indent.join('')}${issue.length === undefined ? '^' : carets}`;
  return `${file}:${line}:${column} ${issue.message}\n${gutter}${sourceLine}\n${caret}`;
}

function isWide(char: string): boolean {
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]|\p{Emoji_Presentation}/u.test(
    char,
  );
}
