/** A text cut only at the borders of what covers it; labels are drawn by the style, so the text stays the text. */

import { type CSSProperties, Fragment, memo, useMemo } from "react";

import type { Span } from "@/core/model";
import { cut, findHits, lanesOf } from "@/core/spans";

import { underlined } from "./lanes";
import classes from "./marked-text.module.css";

interface Props {
  readonly text: string;
  readonly hits: readonly string[];
  readonly spans?: readonly Span[];
  readonly suggestions?: readonly Span[];
  readonly hue?: (label: string) => number;
}

const NONE: readonly Span[] = [];

export const MarkedText = memo(function MarkedText({ text, hits, spans = NONE, suggestions = NONE, hue }: Props) {
  const found = useMemo(() => findHits(text, hits), [text, hits]);
  const segments = useMemo(() => cut(text.length, spans, suggestions, found), [text, spans, suggestions, found]);
  const lanes = useMemo(() => lanesOf([...spans, ...suggestions]), [spans, suggestions]);
  return segments.map((each) => {
    const part = text.slice(each.start, each.end);
    const span = innermost(each.spans);
    const suggested = span ? undefined : innermost(each.suggestions);
    const shown = span ?? suggested;
    // with a key, too: what stands after a new mark stays the text node it was, and is not laid out anew
    if (!shown && !each.hit) return <Fragment key={each.start}>{part}</Fragment>;
    if (!shown) {
      return (
        <mark key={each.start} className={classes["hit"]}>
          {part}
        </mark>
      );
    }
    const label = endingAt(each.end, span ? each.spans : each.suggestions);
    return (
      <span
        key={each.start}
        className={`${(span ? classes["span"] : classes["suggested"]) ?? ""} ${each.hit ? (classes["inner"] ?? "") : ""}`}
        style={{ "--h": hue?.(shown.label) ?? 200, ...underlined([...each.spans, ...each.suggestions], lanes, hue) } as CSSProperties}
        data-first={shown.start === each.start || undefined}
        data-label={label}
        data-unbroken={label && unbroken(label)}
      >
        {part}
      </span>
    );
  });
});

function innermost(spans: readonly Span[]): Span | undefined {
  return spans.reduce<Span | undefined>(
    (best, each) => (!best || each.end - each.start < best.end - best.start ? each : best),
    undefined,
  );
}

/** The labels of what ends there, the innermost first. */
function endingAt(end: number, spans: readonly Span[]): string | undefined {
  const ending = spans.filter((each) => each.end === end).sort((one, other) => other.start - one.start);
  return ending.length ? ending.map((each) => each.label).join(" · ") : undefined;
}

/** The label without a place at which a line could end, where it has one. */
export function unbroken(label: string): string | undefined {
  const whole = label.replace(/ /g, "\u00a0").replace(/-/g, "\u2011");
  return whole === label ? undefined : whole;
}
