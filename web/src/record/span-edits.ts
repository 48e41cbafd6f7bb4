/** Changes to the spans of one answer, each handed on as the list that results. */

import type { Span } from "@/core/model";
import type { Range } from "@/core/offsets";
import { putSpan, relabel, removeSpan, resizeSpan, spansAt } from "@/core/spans";

export interface SpanEdits {
  readonly spans: readonly Span[];
  /** Predictions that are still open. */
  readonly suggestions: readonly Span[];
  readonly put: (range: Range, label: string) => void;
  readonly relabel: (span: Span, label: string) => void;
  readonly resize: (span: Span, range: Range) => void;
  readonly remove: (span: Span) => void;
  /** Takes over the prediction at a position, if there is one. */
  readonly acceptAt: (position: number) => void;
  /** Puts the prediction at a position aside, if there is one. */
  readonly rejectAt: (position: number) => void;
  /** Removes the span at a position; where there is none, puts the prediction there aside. */
  readonly removeAt: (position: number) => void;
}

interface Options {
  readonly overlapping: boolean;
  readonly onChange: (spans: readonly Span[]) => void;
  readonly onReject: ((gone: readonly Span[]) => void) | undefined;
}

export function spanEdits(spans: readonly Span[], suggestions: readonly Span[], { overlapping, onChange, onReject }: Options): SpanEdits {
  const put = (range: Range, label: string) => { onChange(putSpan(spans, { start: range.start, end: range.end, label }, overlapping)); };
  const rejectAt = (position: number) => {
    const suggested = spansAt(suggestions, position)[0];
    if (suggested) onReject?.([suggested]);
  };
  return {
    spans,
    suggestions,
    put,
    relabel: (span, label) => { onChange(relabel(spans, span, label)); },
    resize: (span, range) => { onChange(resizeSpan(spans, span, range, overlapping)); },
    remove: (span) => { onChange(removeSpan(spans, span)); },
    acceptAt: (position) => {
      const suggested = spansAt(suggestions, position)[0];
      if (suggested) put(suggested, suggested.label);
    },
    rejectAt,
    removeAt: (position) => {
      const here = spansAt(spans, position)[0];
      if (here) onChange(removeSpan(spans, here));
      else rejectAt(position);
    },
  };
}
