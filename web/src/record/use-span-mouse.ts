/** Marking with the mouse: a selection gets a label or opens the popup, a click opens what lies there. */

import type { MouseEvent, RefObject } from "react";

import type { Span } from "@/core/model";
import type { Range } from "@/core/offsets";
import { fitSelection } from "@/core/span-keys";
import { spansAt } from "@/core/spans";

import type { SpanEdits } from "./span-edits";
import { readSelection, select } from "./text-selection";
import type { WordCaret } from "./use-caret";
import type { LabelSet } from "./use-labels";

interface Options {
  readonly root: RefObject<HTMLElement | null>;
  readonly text: string;
  readonly tokens: readonly Range[];
  readonly labels: LabelSet;
  /** A label that every selection gets at once. */
  readonly armed: string | null;
  readonly caret: WordCaret;
  readonly edits: SpanEdits;
  readonly onOpen: (range: Range, span: Span | null) => void;
}

export interface SpanMouse {
  readonly up: (event: MouseEvent) => void;
  /** Gives what is selected its label, or asks for one. */
  readonly mark: (selected: Range, parts: boolean) => void;
}

export function useSpanMouse({ root, text, tokens, labels, armed, caret, edits, onOpen }: Options): SpanMouse {
  function mark(selected: Range, parts: boolean) {
    const element = root.current;
    const range = fitSelection(text, tokens, selected, parts && labels.characters);
    if (!range || !element) return;
    select(element, range);
    const only = labels.options.length === 1 ? labels.options[0]?.name : undefined;
    const label = armed ?? only;
    if (label) {
      edits.put(range, label);
      window.getSelection()?.removeAllRanges();
    } else onOpen(range, null);
  }

  const up = (event: MouseEvent) => {
    const selected = root.current && readSelection(root.current);
    if (!root.current || !selected) return;
    caret.leave();
    if (selected.end > selected.start) {
      mark(selected, event.altKey);
      return;
    }
    const span = spansAt(edits.spans, selected.start)[0];
    if (span) onOpen(span, span);
    else edits.acceptAt(selected.start);
  };
  return { up, mark };
}
