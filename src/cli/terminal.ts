import stringWidth from 'string-width';
import { printable } from '../printable.ts';
import type { Io } from './command.ts';

/** How wide a table is at most, in columns of the terminal. */
const maxWidth = 80;

/** The cells of a row, or a line of its own that takes no part in the columns. */
export type Row = string | readonly string[];

/** Puts rows that follow each other under one title. */
export function underTitles(rows: readonly { title: string; row: Row }[]): Row[] {
  return rows.flatMap(({ title, row }, i) => (rows[i - 1]?.title === title ? [row] : [title, row]));
}

/**
 * Aligns rows in columns, numbers and their heading to the right. A table wider than 80 columns has its
 * widest cells wrapped onto further lines. `paint` may colour the lines of a row by its cells.
 */
export function formatTable(
  rows: readonly Row[],
  paint = (lines: string, _cells: readonly string[]) => lines,
): string {
  const printed = rows.map((row) => (typeof row === 'string' ? printable(row) : row.map(printable)));
  const cells = printed.filter((row) => typeof row !== 'string');
  const widths = columnWidths(cells);
  const isNumeric = widths.map((_, i) =>
    cells.slice(1).every((row) => /^([\d,.]+( \w+)?)?$/.test(row[i] ?? '')),
  );
  const lines = printed.map((row) =>
    typeof row === 'string' ? `${row}\n` : paint(formatCells(row, widths, isNumeric), row),
  );
  return lines.join('');
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, i) =>
    Math.max(0, ...rows.map((row) => stringWidth(row[i] ?? ''))),
  );
  let excess = widths.reduce((sum, width) => sum + width + 2, -2) - maxWidth;
  for (; excess > 0; excess -= 1) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function formatCells(row: readonly string[], widths: readonly number[], isNumeric: readonly boolean[]) {
  const wrapped = widths.map((width, i) => wrap(row[i] ?? '', width));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  const lines = Array.from({ length: height }, (_, y) => {
    const parts = wrapped.map((cell, i) => {
      const text = cell[y] ?? '';
      const space = ' '.repeat(Math.max(0, (widths[i] ?? 0) - stringWidth(text)));
      return isNumeric[i] ? space + text : text + space;
    });
    return `${parts.join('  ').trimEnd()}\n`;
  });
  return lines.join('');
}

const graphemes = new Intl.Segmenter();

/** Breaks at spaces, and within a word that is too long. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const { segment } of graphemes.segment(text)) {
    if (line !== '' && stringWidth(line + segment) > width) {
      const cut = segment === ' ' ? line.length : line.lastIndexOf(' ') + 1 || line.length;
      lines.push(line.slice(0, cut).trimEnd());
      line = line.slice(cut);
    }
    line += line === '' && segment === ' ' && lines.length > 0 ? '' : segment;
  }
  return [...lines, line];
}

/** Shows what is being done on one line that is drawn over on a terminal; an empty text takes it off. */
export function createProgress(io: Io): (text: string) => void {
  return (text) => {
    if (io.isTerminal) {
      // A line that the terminal wraps could not be drawn over.
      io.err(`\r\u001b[K${wrap(printable(text), maxWidth - 1)[0]}`);
    }
  };
}

/** Writes a text as one word of a shell's command, in quotes where it needs them. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
