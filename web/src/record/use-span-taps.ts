/** Marking by touch: a tap on the first word, a tap on the last; a tap on what is marked opens it. */

import { type PointerEvent, type RefObject, useRef, useState } from "react";

import type { Span } from "@/core/model";
import { type Range, tokenAt } from "@/core/offsets";
import { spansAt } from "@/core/spans";

import type { SpanEdits } from "./span-edits";
import { highlight, positionAt } from "./text-selection";

interface Options {
  readonly root: RefObject<HTMLElement | null>;
  readonly tokens: readonly Range[];
  readonly edits: SpanEdits;
  /** Gives a stretch its label, or asks for one. */
  readonly onMark: (range: Range) => void;
  readonly onOpen: (range: Range, span: Span) => void;
}

export interface SpanTaps {
  /** The first word, while the last one is awaited. */
  readonly first: Range | null;
  readonly down: (event: PointerEvent) => void;
  readonly up: (event: PointerEvent) => void;
  readonly cancel: () => void;
  /** Is this mouse event only what the browser makes of a tap? */
  readonly isTap: (event: { timeStamp: number }) => boolean;
}

/** A finger that moves further has scrolled, one that stays longer selects. */
const STILL_PX = 12;
const LONG_MS = 500;
/** So long after a tap the browser tells of it as of a mouse. */
const ECHO_MS = 800;

export function useSpanTaps({ root, tokens, edits, onMark, onOpen }: Options): SpanTaps {
  const [first, setFirst] = useState<Range | null>(null);
  const began = useRef({ x: 0, y: 0, at: 0 });
  const tapped = useRef(-Infinity);

  function begin(range: Range | null) {
    setFirst(range);
    highlight(root.current, range);
  }

  function tap(position: number) {
    const at = tokenAt(tokens, position);
    const word = at === null ? undefined : tokens[at];
    if (first && word) {
      begin(null);
      onMark({ start: Math.min(first.start, word.start), end: Math.max(first.end, word.end) });
      return;
    }
    const span = spansAt(edits.spans, position)[0];
    if (span) onOpen(span, span);
    else if (spansAt(edits.suggestions, position).length) edits.acceptAt(position);
    else begin(word ?? null);
  }

  return {
    first,
    down: ({ clientX, clientY, timeStamp }) => { began.current = { x: clientX, y: clientY, at: timeStamp }; },
    up: (event) => {
      if (event.pointerType === "mouse" || !root.current) return;
      tapped.current = event.timeStamp;
      const { x, y, at } = began.current;
      if (Math.hypot(event.clientX - x, event.clientY - y) > STILL_PX || event.timeStamp - at > LONG_MS) return;
      const position = positionAt(root.current, event.clientX, event.clientY);
      if (position !== null) tap(position);
    },
    cancel: () => { begin(null); },
    isTap: ({ timeStamp }) => timeStamp - tapped.current < ECHO_MS,
  };
}
