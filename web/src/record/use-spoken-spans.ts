/** Says what was marked, changed or removed, to whoever does not see the text. */

import { type ReactNode, useEffect, useRef } from "react";

import type { RecordEdit } from "@/core/edit-session";
import type { Span } from "@/core/model";
import { sameSpan } from "@/core/spans";
import { annotatingText } from "@/text/annotating";
import { useSpoken } from "@/ui/spoken";

/** Returns the place for the words; `spans` are those of the record as they stand now. */
export function useSpokenSpans({ record }: RecordEdit, spans: readonly Span[], text: string): ReactNode {
  const { say, place } = useSpoken();
  const before = useRef({ id: record.id, spans });
  useEffect(() => {
    const was = before.current;
    before.current = { id: record.id, spans };
    if (was.id === record.id && was.spans !== spans) say(changesInWords(was.spans, spans, text));
  });
  return place;
}

/** Spans marked, changed or removed between two states. */
export function changesInWords(was: readonly Span[], now: readonly Span[], text: string): string {
  const words = (each: Span) => text.slice(each.start, each.end);
  const lost = was.filter((each) => !now.some((other) => sameSpan(each, other)));
  const gained = now.filter((each) => !was.some((other) => sameSpan(each, other)));
  const replaced = (each: Span) => gained.some((other) => other.start < each.end && each.start < other.end);
  return [
    ...gained.map((each) => annotatingText.spans.marked(words(each), each.label)),
    ...lost.filter((each) => !replaced(each)).map((each) => annotatingText.spans.unmarked(words(each), each.label)),
  ].join(". ");
}
