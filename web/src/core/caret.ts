/** A caret that stands on whole words of a text: which words it holds, and where a key leads it. */

import type { Range } from "./offsets";

/** Numbers of words: where a selection began, and the end that moves. Both are the same for a single word. */
export interface Caret {
  readonly anchor: number;
  readonly focus: number;
}

export type CaretMove = "next" | "previous" | "first" | "last" | "down" | "up";

/** The stretch of text under the caret; null where the text has no such words. */
export function caretRange(tokens: readonly Range[], caret: Caret | null): Range | null {
  if (!caret) return null;
  const first = tokens[Math.min(caret.anchor, caret.focus)];
  const last = tokens[Math.max(caret.anchor, caret.focus)];
  return first && last ? { start: first.start, end: last.end } : null;
}

export function isSingleWord(caret: Caret | null): boolean {
  return caret !== null && caret.anchor === caret.focus;
}

/** Move of the caret by a key; null for keys that lead nowhere. */
export function moveOf(key: string, rtl: boolean): CaretMove | null {
  if (key === "ArrowRight") return rtl ? "previous" : "next";
  if (key === "ArrowLeft") return rtl ? "next" : "previous";
  const moves: Record<string, CaretMove> = { Home: "first", End: "last", ArrowDown: "down", ArrowUp: "up" };
  return moves[key] ?? null;
}

interface Surroundings {
  /** Number of words in the text. */
  readonly count: number;
  /** The word that an arrow leads to while there is no caret yet. */
  readonly entry: () => number;
  /** The nearest word a line below or above. */
  readonly lineAway: (from: number, step: 1 | -1) => number;
}

/** The caret after a move; `extend` leaves its anchor where it is. */
export function movedCaret(caret: Caret | null, move: CaretMove, extend: boolean, { count, entry, lineAway }: Surroundings): Caret {
  const at = caret?.focus ?? null;
  const last = count - 1;
  const focus = {
    next: () => (at === null ? entry() : Math.min(at + 1, last)),
    previous: () => (at === null ? entry() : Math.max(at - 1, 0)),
    first: () => 0,
    last: () => last,
    down: () => lineAway(at ?? 0, 1),
    up: () => lineAway(at ?? 0, -1),
  }[move]();
  return { anchor: extend && caret ? caret.anchor : focus, focus };
}

interface Point {
  readonly left: number;
  readonly top: number;
}

/** Words of one line differ in height by less than this, in pixels. */
const SAME_LINE = 4;

/** The word of the next line that lies nearest below or above; `from` itself where there is no further line. */
export function nearestOnNextLine(from: number, step: 1 | -1, count: number, pointOf: (word: number) => Point): number {
  const start = pointOf(from);
  let best: { readonly word: number; readonly away: number } | null = null;
  let line: number | null = null;
  for (let word = from + step; word >= 0 && word < count; word += step) {
    const point = pointOf(word);
    if (Math.abs(point.top - start.top) < SAME_LINE) continue;
    if (line !== null && Math.abs(point.top - line) > SAME_LINE) break;
    line = point.top;
    const away = Math.abs(point.left - start.left);
    if (best === null || away < best.away) best = { word, away };
  }
  return best?.word ?? from;
}
