import stringWidth from 'string-width';
import { printable } from '../printable.ts';
import type { Diagnostic, Place } from './diagnostic.ts';

/** One mistake tends to repeat in every rule: printing more than this helps nobody. */
const maxPrinted = 100;

const ranks = { error: 0, warning: 1, note: 2 };

/** Selects the diagnostics to show, the worst first, then by place: each note once, and none accepted. */
export function selectShown(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics]
    .sort((a, b) => ranks[a.severity] - ranks[b.severity] || comparePlaces(a.place, b.place))
    .filter((one, i, all) => !isAccepted(one) && !isRepeated(one, all.slice(0, i)));
}

/** A comment such as `# accept: shared-target` ends the line of a warning or note that is accepted. */
function isAccepted({ severity, code, place }: Diagnostic): boolean {
  const [, accepted = ''] = /#\s*accept:([\w\s,-]+)$/.exec(place?.sourceLine ?? '') ?? [];
  return severity !== 'error' && accepted.split(/[\s,]+/).includes(code);
}

function isRepeated({ severity, message }: Diagnostic, earlier: readonly Diagnostic[]): boolean {
  return severity === 'note' && earlier.some((one) => one.message === message);
}

/** Compares two places for sorting; a missing place comes first. */
export function comparePlaces(a: Place | undefined, b: Place | undefined): number {
  const files = (a?.file ?? '').localeCompare(b?.file ?? '');
  return files || (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}

/** Formats diagnostics for a terminal, one below the other, up to the first hundred. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const shown = diagnostics.slice(0, maxPrinted).map(formatDiagnostic);
  const more = diagnostics.length - shown.length;
  return [...shown, ...(more > 0 ? [`… and ${more} more.`] : [])].join('\n');
}

/** `error file:line:column message`, then the source line with the place underlined, then the hint. */
export function formatDiagnostic({ severity, message, hint, place }: Diagnostic): string {
  const where = place === undefined ? '' : `${place.file}:${place.line}:${place.column} `;
  const lines = [`${severity} ${printable(where + message)}`];
  if (place !== undefined) {
    lines.push(...quote(place));
  }
  if (hint !== undefined) {
    lines.push(`  ${printable(hint)}`);
  }
  return lines.join('\n');
}

const maxQuoted = 240;

/** The source line, with carets under the place. A very long line is cut to the part around the place. */
function quote({ line, column, length, sourceLine }: Place): string[] {
  const start = sourceLine.length > maxQuoted ? Math.max(0, column - maxQuoted / 2) : 0;
  const shown = sourceLine.slice(start, start + maxQuoted);
  const end = column - 1 - start;
  const marked = quotable(shown.slice(end, end + length));
  const gutter = `  ${line} |`;
  const carets = blankOf(quotable(shown.slice(0, end))) + '^'.repeat(Math.max(1, stringWidth(marked)));
  return [`${gutter} ${quotable(shown)}`, `${' '.repeat(gutter.length - 1)}| ${carets}`];
}

/** The text in a form that is safe for a terminal, with its tabs. */
const quotable = (text: string) => text.replace(/[^\t]+/g, printable);

/** Spaces as wide as the text is on a terminal, where CJK and emoji take two cells; tabs stay. */
const blankOf = (text: string) => text.replace(/[^\t]+/g, (part) => ' '.repeat(stringWidth(part)));
