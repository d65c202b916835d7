/** Lays rows out under their headings, each column as wide as its widest cell; numbers to the right. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const isNumeric = headings.map((_, i) => rows.every((row) => /^[\d,.]*( ms| B)?$/.test(row[i] ?? '')));
  const format = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (isNumeric[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [headings, widths.map((width) => '-'.repeat(width)), ...rows]
    .map((row) => `${format(row)}\n`)
    .join('');
}
