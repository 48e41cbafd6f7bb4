/** Scores counted in bars of equal width. */

/** Number of scores in each of so many bars from 0 to 1; what lies outside is in the first or the last of them. */
export function barsOf(counts: Readonly<Record<string, number>>, bars: number): readonly number[] {
  const found = Array.from({ length: bars }, () => 0);
  for (const [score, count] of Object.entries(counts)) {
    const bar = Math.floor(Number(score) * bars + 1e-9); // 0.29 * 100 is a little less than 29
    const at = Math.min(bars - 1, Math.max(0, bar));
    found[at] = (found[at] ?? 0) + count;
  }
  return found;
}
