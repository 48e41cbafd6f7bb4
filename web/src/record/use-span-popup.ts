/** The popup at a stretch of text: where it is, and what it is about. */

import { type RefObject, useLayoutEffect, useState } from "react";

import type { Span } from "@/core/model";
import type { Range } from "@/core/offsets";

import { edges, highlight, selectionBox } from "./text-selection";

/** Subject of the popup: a stretch to label, or a span to change. */
export interface Popup {
  readonly range: Range;
  readonly span: Span | null;
  readonly box: { left: number; top: number };
  /** Positions of the ends of the span, to be dragged. */
  readonly ends: ReturnType<typeof edges>;
}

export interface SpanPopup {
  readonly popup: Popup | null;
  readonly open: (range: Range, span: Span | null) => void;
  readonly close: () => void;
}

export function useSpanPopup(root: RefObject<HTMLElement | null>): SpanPopup {
  const [popup, setPopup] = useState<Popup | null>(null);

  // drawn anew with every change of the text, whose pieces it hangs on
  useLayoutEffect(() => {
    if (!popup) return undefined;
    highlight(root.current, popup.range);
    return () => { highlight(null, null); };
  });

  return {
    popup,
    open: (range, span) => {
      if (!root.current) return;
      setPopup({ range, span, box: selectionBox(root.current, range), ends: span && edges(root.current, range) });
    },
    close: () => { setPopup(null); },
  };
}
