/**
 * Positions in texts. The wire counts code points (as Python does), browsers count UTF-16 units; everything in
 * the app counts units, and this file is the only place that converts. An end is exclusive, everywhere.
 */

/** Converts positions of one text; costs one pass over the text, and nothing where both counts agree. */
export class Offsets {
  /** Start, in UTF-16 units, of each character that takes two of them. */
  private readonly pairs: number[] = [];

  constructor(private readonly text: string) {
    for (let at = 0; at < text.length; at++) {
      if ((text.codePointAt(at) ?? 0) > 0xffff) this.pairs.push(at++);
    }
  }

  /** Code points to UTF-16 units. */
  toUnits(points: number): number {
    // pair number i starts at code point pairs[i] - i
    return Math.min(points + countBelow(this.pairs, (start, i) => start - i < points), this.text.length);
  }

  /** UTF-16 units to code points; inside a character counts as its start. */
  toPoints(units: number): number {
    const inside = this.pairs[countBelow(this.pairs, (start) => start < units - 1)] === units - 1;
    const start = inside ? units - 1 : units;
    return start - countBelow(this.pairs, (each) => each < start);
  }
}

/** Number of entries of a sorted list come before the first that fails the test. */
function countBelow(list: readonly number[], test: (value: number, index: number) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(list[middle] ?? 0, middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Range of each token, in units: looked for from the end of the one before, after one space if there is one. */
export function locateTokens(text: string, tokens: readonly string[]): Range[] {
  const found: Range[] = [];
  let here = 0;
  for (const token of tokens) {
    const skipped = found.length > 0 && text.startsWith(" ", here) ? 1 : 0;
    let start = text.indexOf(token, here + skipped);
    if (start < 0) start = text.indexOf(token, here);
    if (start < 0) break; // the server refuses such records; what is found so far stays usable
    here = start + token.length;
    found.push({ start, end: here });
  }
  return found;
}

/** The number of the token at or after a position; the last one where there is none after it. */
export function tokenAt(tokens: readonly Range[], position: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.end ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return Math.min(low, tokens.length - 1);
}

/** The whole tokens that a selection touches; null where it touches none. */
export function snap(tokens: readonly Range[], selected: Range): Range | null {
  if (tokens.length === 0 || selected.end <= selected.start) return null;
  const first = tokens[tokenAt(tokens, selected.start)];
  if (!first || first.start >= selected.end) return null;
  let last = first;
  for (let n = tokenAt(tokens, selected.start); n < tokens.length; n++) {
    const token = tokens[n];
    if (!token || token.start >= selected.end) break;
    last = token;
  }
  return { start: first.start, end: last.end };
}
