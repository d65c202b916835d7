/** ` (did you mean "target"?)` when one of the candidates is a slip of the fingers away, else nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const lower = word.toLowerCase();
  const ranked = candidates.map((name) => ({ name, distance: editDistance(lower, name.toLowerCase()) }));
  const [best] = ranked.sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.min(2, best.name.length / 2)
    ? ` (did you mean ${JSON.stringify(best.name)}?)`
    : '';
}

/** Levenshtein distance, one row of the table at a time. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) {
    return 3; // further than any suggestion goes, and keeps long keys cheap
  }
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
