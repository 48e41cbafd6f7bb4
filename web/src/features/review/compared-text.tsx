/** A text with one person's spans; those that others do not have are marked by their outline and a sign. */

import { type CSSProperties, memo, useMemo } from "react";

import type { Span } from "@/core/model";
import { cut, lanesOf, sameSpan } from "@/core/spans";
import { underlined } from "@/record/lanes";

import classes from "./review.module.css";

interface Props {
  readonly text: string;
  readonly spans: readonly Span[];
  readonly different: readonly Span[];
  readonly hue: (label: string) => number;
}

const NONE: readonly Span[] = [];

export const ComparedText = memo(function ComparedText({ text, spans, different, hue }: Props) {
  const segments = useMemo(() => cut(text.length, spans, NONE, []), [text, spans]);
  const lanes = useMemo(() => lanesOf(spans), [spans]);
  const differs = (span: Span) => different.some((each) => sameSpan(each, span));
  return segments.map((each) => {
    const part = text.slice(each.start, each.end);
    const [shown] = [...each.spans].sort((one, other) => one.end - one.start - (other.end - other.start));
    if (!shown) return part;
    const ending = each.spans.filter((span) => span.end === each.end).sort((one, other) => other.start - one.start);
    return (
      <span
        key={each.start}
        className={classes["span"]}
        style={{ "--h": hue(shown.label), ...underlined(each.spans, lanes, hue) } as CSSProperties}
        data-different={each.spans.some(differs) || undefined}
        data-lanes={each.spans.some((span) => lanes.has(span)) || undefined}
        data-first={shown.start === each.start || undefined}
        data-label={ending.length ? ending.map((span) => (differs(span) ? `≠ ${span.label}` : span.label)).join(" · ") : undefined}
      >
        {part}
      </span>
    );
  });
});
