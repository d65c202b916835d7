import stringWidth from 'string-width';
import { printable } from '../printable.ts';
import type { Io } from './command.ts';

/** The maximum width of a table, and the minimum width of a wrapped cell, in columns of the terminal. */
const maxWidth = 80;
const minWrapped = 24;

/** The cells of a row, or a line that is not part of the columns. */
export type Row = string | readonly string[];

/** Groups consecutive rows under their common title. */
export function underTitles(rows: readonly { title: string; row: Row }[]): Row[] {
  return rows.flatMap(({ title, row }, i) => (rows[i - 1]?.title === title ? [row] : [title, row]));
}

interface Column {
  width: number;
  isNumeric: boolean;
}

/**
 * Aligns rows in columns, with numbers and their heading on the right. To fit 80 columns, last cells are
 * wrapped between words; a key stays whole, so that it can be copied. `paint` may colour a row by its cells.
 */
export function formatTable(
  rows: readonly Row[],
  paint = (lines: string, _cells: readonly string[]) => lines,
): string {
  const printed = rows.map((row) => (typeof row === 'string' ? printable(row) : row.map(printable)));
  const cells = printed.filter((row) => typeof row !== 'string');
  const count = Math.max(0, ...cells.map(({ length }) => length));
  const columns = Array.from({ length: count }, (_, i): Column => {
    const texts = cells.map((row) => row[i] ?? '');
    const isNumeric = texts.slice(1).every((text) => /^([\d,.]+( \w+)?)?$/.test(text));
    return { width: Math.max(...texts.map((text) => stringWidth(text))), isNumeric };
  });
  const lines = printed.map((row) =>
    typeof row === 'string' ? `${row}\n` : paint(formatCells(row, columns), row),
  );
  return lines.join('');
}

function formatCells(row: readonly string[], columns: readonly Column[]): string {
  const aligned = columns.map(({ width, isNumeric }, i) => {
    const text = row[i] ?? '';
    const space = ' '.repeat(width - stringWidth(text));
    return isNumeric ? space + text : text + space;
  });
  const last = aligned.pop()?.trimEnd() ?? '';
  const start = aligned.map((cell) => `${cell}  `).join('');
  const margin = stringWidth(start);
  const room = maxWidth - margin;
  const [first = '', ...others] = room < minWrapped ? [last] : wrap(last, room);
  const lines = [start + first, ...others.map((line) => ' '.repeat(margin) + line)];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** Breaks lines between words. Each word includes the spaces before it. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<! )(?= )/)) {
    if (line !== '' && stringWidth(line + word) > width) {
      lines.push(line);
      line = word.trimStart();
    } else {
      line += word;
    }
  }
  return [...lines, line];
}

/** Shows the current activity on one line, which a terminal redraws. An empty text removes it. */
export function createProgress(io: Io): (text: string) => void {
  return (text) => {
    if (io.isTerminal) {
      // A wrapped line could not be redrawn, so the terminal is told to cut it off (DECAWM).
      io.err(`\r\u001b[K\u001b[?7l${printable(text)}\u001b[?7h`);
    }
  };
}

/** Writes a text as one word of a shell command, quoted if necessary. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
