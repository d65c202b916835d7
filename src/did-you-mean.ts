import { distance } from 'fastest-levenshtein';

/** ` (did you mean "target"?)` when one of the candidates is a typo away, else nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const ranked = candidates.map((name) => ({
    name,
    slips: distance(word.toLowerCase(), name.toLowerCase()),
  }));
  const [best] = ranked.sort((a, b) => a.slips - b.slips);
  return best !== undefined && best.slips <= Math.min(2, best.name.length / 2)
    ? ` (did you mean ${JSON.stringify(best.name)}?)`
    : '';
}
