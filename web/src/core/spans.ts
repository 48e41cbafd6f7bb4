/** Labelled stretches of a text: putting, changing, cutting the text at their borders. */

import type { Span } from "./model";
import { type Range, tokenAt } from "./offsets";

/** Adds a span; what it would cover gives way unless spans may overlap. */
export function putSpan(spans: readonly Span[], added: Span, mayOverlap = false): Span[] {
  const kept = spans.filter((each) =>
    mayOverlap ? !sameSpan(each, added) : each.end <= added.start || each.start >= added.end,
  );
  return [...kept, added].sort((one, other) => one.start - other.start || one.end - other.end);
}

export function removeSpan(spans: readonly Span[], gone: Span): Span[] {
  return spans.filter((each) => !sameSpan(each, gone));
}

export function relabel(spans: readonly Span[], which: Span, label: string): Span[] {
  return spans.map((each) => (sameSpan(each, which) ? { start: each.start, end: each.end, label } : each));
}

/** A span with other ends. It stops before its neighbours unless spans may overlap, and never vanishes. */
export function resizeSpan(spans: readonly Span[], which: Span, to: Range, mayOverlap = false): Span[] {
  let { start, end } = to;
  for (const each of mayOverlap ? [] : spans) {
    if (sameSpan(each, which)) continue;
    if (each.end <= which.start && each.end > start) start = which.start;
    if (each.start >= which.end && each.start < end) end = which.end;
  }
  if (end <= start) return [...spans];
  return putSpan(removeSpan(spans, which), { start, end, label: which.label }, mayOverlap);
}

/** Span once its start or end has moved by a word. */
export function byWord(tokens: readonly Range[], span: Range, edge: "start" | "end", step: 1 | -1): Range {
  const first = tokenAt(tokens, span.start);
  const last = tokenAt(tokens, span.end - 1);
  if (edge === "start") {
    const to = Math.min(Math.max(first + step, 0), last);
    return { start: tokens[to]?.start ?? span.start, end: span.end };
  }
  const to = Math.max(Math.min(last + step, tokens.length - 1), first);
  return { start: span.start, end: tokens[to]?.end ?? span.end };
}

/** … or by a character; one that takes two units is never cut. */
export function byCharacter(text: string, span: Range, edge: "start" | "end", step: 1 | -1): Range {
  const at = span[edge];
  const size = step === 1 ? (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1 : /[\uDC00-\uDFFF]/.test(text[at - 1] ?? "") ? 2 : 1;
  const moved = { ...span, [edge]: Math.min(Math.max(at + step * size, 0), text.length) };
  return moved.end > moved.start ? moved : span;
}

export function sameSpan(one: Span, other: Span): boolean {
  return one.start === other.start && one.end === other.end && one.label === other.label;
}

/** The spans at a position; the shortest first, so that one inside another can be reached. */
export function spansAt(spans: readonly Span[], position: number): Span[] {
  return spans
    .filter((each) => each.start <= position && position < each.end)
    .sort((one, other) => one.end - one.start - (other.end - other.start));
}

/** A stretch of text between two borders, and what covers it. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly spans: readonly Span[];
  readonly suggestions: readonly Span[];
  readonly hit: boolean;
}

/** The text cut at the borders of everything that covers it, and nowhere else. */
export function cut(
  length: number,
  spans: readonly Span[],
  suggestions: readonly Span[],
  hits: readonly { start: number; end: number }[],
): Segment[] {
  const borders = new Set([0, length]);
  for (const each of [...spans, ...suggestions, ...hits]) {
    if (each.start >= 0 && each.end <= length) borders.add(each.start).add(each.end);
  }
  const sorted = [...borders].sort((one, other) => one - other);
  const covering = sweep(spans);
  const suggested = sweep(suggestions);
  const found = sweep(hits);
  return sorted.slice(0, -1).map((start, index) => ({
    start,
    end: sorted[index + 1] ?? length,
    spans: covering(start),
    suggestions: suggested(start),
    hit: found(start).length > 0,
  }));
}

/** Asked with growing positions, says what covers each; every span is looked at twice in all. */
function sweep<T extends { start: number; end: number }>(all: readonly T[]): (position: number) => T[] {
  const sorted = [...all].sort((one, other) => one.start - other.start || other.end - one.end);
  let next = 0;
  let open: T[] = [];
  return (position) => {
    for (let each = sorted[next]; each && each.start <= position; each = sorted[++next]) open.push(each);
    if (open.some((each) => each.end <= position)) open = open.filter((each) => each.end > position);
    return open.length ? [...open] : [];
  };
}

/** A line for each span that shares words with another, so that no two of them draw on the same one; others have none. */
export function lanesOf(spans: readonly Span[]): ReadonlyMap<Span, number> {
  const sorted = [...spans].sort((one, other) => one.start - other.start || other.end - one.end);
  const found = new Map<Span, number>();
  const ends: (Span | undefined)[] = [];
  for (const each of sorted) {
    const beside = ends.filter((other): other is Span => other !== undefined && other.end > each.start);
    if (!beside.length) {
      ends.length = 0;
      ends[0] = each;
      continue;
    }
    for (const other of beside) if (!found.has(other)) found.set(other, ends.indexOf(other));
    const lane = ends.findIndex((other) => other === undefined || other.end <= each.start);
    const free = lane < 0 ? ends.length : lane;
    ends[free] = each;
    found.set(each, free);
  }
  return found;
}

const WORD = /[\p{L}\p{N}_]/u;

/** Positions of the words that a search found: whole words, upper and lower case alike. */
export function findHits(text: string, words: readonly string[]): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  const lower = text.toLowerCase();
  if (lower.length !== text.length) return found; // some letters change their length; better none than wrong ones
  for (const word of words) {
    const lowerWord = word.toLowerCase();
    if (!lowerWord) continue;
    for (let at = lower.indexOf(lowerWord); at >= 0; at = lower.indexOf(lowerWord, at + lowerWord.length)) {
      const end = at + lowerWord.length;
      if (!WORD.test(text[at - 1] ?? " ") && !WORD.test(text[end] ?? " ")) found.push({ start: at, end });
    }
  }
  return found;
}
