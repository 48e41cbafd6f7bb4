/** Comparison of people's answers to one record: what they have in common, where they differ, and by which letter each goes. */

import { diffWordsWithSpace } from "diff";

import type { Span, Value } from "@/core/model";
import { sameSpan } from "@/core/spans";

/** The letters of people on one record: the same at every visit, unrelated to those on other records. */
export function letters(record: string, people: readonly string[]): ReadonlyMap<string, string> {
  const shuffled = [...new Set(people)].sort((one, other) => scramble(record, one) - scramble(record, other) || (one < other ? -1 : 1));
  return new Map(shuffled.map((each, at) => [each, letterOf(at)]));
}

function letterOf(at: number): string {
  return at < 26 ? String.fromCharCode(65 + at) : `${letterOf(Math.floor(at / 26) - 1)}${letterOf(at % 26)}`;
}

/** FNV-1a: spreads well, and asks for nothing that only secure addresses have. */
function scramble(record: string, person: string): number {
  let hash = 0x811c9dc5;
  for (const each of new TextEncoder().encode(`${record}\u0000${person}`)) hash = Math.imul(hash ^ each, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** The spans that every one of the values has. */
export function commonSpans(values: readonly Value[]): Span[] {
  const [first, ...others] = values;
  return (first?.spans ?? []).filter((each) => others.every((other) => other.spans?.some((one) => sameSpan(one, each))));
}

/** The labels that every one of the values has. */
export function commonLabels(values: readonly Value[]): ReadonlySet<string> {
  const [first, ...others] = values;
  return new Set((first?.labels ?? []).filter((label) => others.every((each) => each.labels?.includes(label))));
}

/** Spans that others have where this one has `mine`, or where it has nothing. */
export interface Difference {
  readonly mine: Span | null;
  readonly others: readonly { readonly of: number; readonly span: Span | null }[];
}

/** Differences between the spans of one value and those of the others, in the order of the text. */
export function spanDifferences(values: readonly Value[], which: number): Difference[] {
  const mine = values[which]?.spans ?? [];
  const rest = values.map((each, of) => ({ of, spans: each.spans ?? [] })).filter(({ of }) => of !== which);
  const found: Difference[] = mine.flatMap((span) => {
    const others = rest
      .filter(({ spans }) => !spans.some((each) => sameSpan(each, span)))
      .flatMap(({ of, spans }): { of: number; span: Span | null }[] => {
        const near = spans.filter((each) => overlap(each, span));
        return near.length ? near.map((each) => ({ of, span: each })) : [{ of, span: null }];
      });
    return others.length ? [{ mine: span, others }] : [];
  });
  for (const { of, spans } of rest) {
    for (const span of spans.filter((each) => !mine.some((own) => overlap(each, own)))) {
      const same = found.find((each) => !each.mine && each.others.some((that) => that.span && sameSpan(that.span, span)));
      if (same) found[found.indexOf(same)] = { mine: null, others: [...same.others, { of, span }] };
      else found.push({ mine: null, others: [{ of, span }] });
    }
  }
  return found.sort((one, other) => startOf(one) - startOf(other));
}

function startOf({ mine, others }: Difference): number {
  return mine?.start ?? others[0]?.span?.start ?? 0;
}

function overlap(one: Span, other: Span): boolean {
  return one.start < other.end && other.start < one.end;
}

/** A stretch of two texts: in both, only in the first (`gone`), or only in the second (`new`). */
export interface Piece {
  readonly text: string;
  readonly kind: "same" | "gone" | "new";
}

/** Texts longer than this are shown side by side as they are: comparing them would hold the page up. */
const COMPARED = 20_000;

/** Changes from one text to another, word by word; null where they are too long to compare. */
export function wordChanges(from: string, to: string): Piece[] | null {
  if (from.length + to.length > COMPARED) return null;
  return diffWordsWithSpace(from, to).map(({ value, added, removed }) => ({
    text: value,
    kind: added ? "new" : removed ? "gone" : "same",
  }));
}
