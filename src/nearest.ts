/**
 * The word somebody probably meant: for "unknown flag", "unknown model", "unknown class".
 *
 * @module
 */

/** Letters from which the beginning of a word stands for it. */
const BEGINNING = 4;

/**
 * The candidate closest to a mistyped word, case ignored, or `undefined` where none is close enough to be what was
 * meant: more than a third of the word's letters (but always one) would have to change, and no candidate begins with it.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  if (best !== undefined || word.length < BEGINNING) return best;
  return Array.from(candidates).find((candidate) => candidate.toLowerCase().startsWith(word.toLowerCase()));
}

/** Fewest insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal alignment). */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, rows[i - 1][j] + 1, row[j - 1] + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}
