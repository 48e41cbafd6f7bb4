/** A text with one person's spans; those that others do not have are marked by their outline and a sign. */

import { type CSSProperties, memo, useMemo } from "react";

import type { Span } from "@/core/model";
import { cut, sameSpan } from "@/core/spans";

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
  return segments.map((each) => {
    const part = text.slice(each.start, each.end);
    const shown = each.spans.reduce<Span | undefined>(
      (best, next) => (!best || next.end - next.start < best.end - best.start ? next : best),
      undefined,
    );
    if (!shown) return part;
    return (
      <span
        key={each.start}
        className={classes["span"]}
        style={{ "--h": hue(shown.label) } as CSSProperties}
        data-different={different.some((that) => sameSpan(that, shown)) || undefined}
        data-first={shown.start === each.start || undefined}
        data-label={shown.end === each.end ? shown.label : undefined}
      >
        {part}
      </span>
    );
  });
});
