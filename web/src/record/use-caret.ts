/** The caret of a text whose words are marked by keyboard, kept in the browser's own selection. */

import { type RefObject, useLayoutEffect, useMemo, useRef } from "react";

import { type Caret, type CaretMove, caretRange, isSingleWord, movedCaret, nearestOnNextLine } from "@/core/caret";
import { type Range, tokenAt } from "@/core/offsets";

import { readSelection, select, selectionBox } from "./text-selection";

export interface WordCaret {
  /** The stretch under the caret; null while there is none. */
  readonly range: () => Range | null;
  readonly onSingleWord: () => boolean;
  readonly move: (move: CaretMove, extend: boolean) => void;
  readonly leave: () => void;
}

export function useCaret(root: RefObject<HTMLElement | null>, tokens: readonly Range[]): WordCaret {
  const caret = useRef<Caret | null>(null);

  // drawing anew replaces the pieces of text that the browser's selection hangs on
  useLayoutEffect(() => {
    const range = caretRange(tokens, caret.current);
    if (range && root.current && document.activeElement === root.current) select(root.current, range);
  });

  return useMemo(
    () => ({
      range: () => caretRange(tokens, caret.current),
      onSingleWord: () => isSingleWord(caret.current),
      leave: () => { caret.current = null; },
      move: (move, extend) => {
        const text = root.current;
        if (!text) return;
        caret.current = movedCaret(caret.current, move, extend, {
          count: tokens.length,
          entry: () => firstSelected(text, tokens),
          lineAway: (from, step) => nearestOnNextLine(from, step, tokens.length, (word) => selectionBox(text, tokens[word] ?? { start: 0, end: 0 })),
        });
        const range = caretRange(tokens, caret.current);
        if (range) select(text, range, true);
      },
    }),
    [root, tokens],
  );
}

/** The word at which the browser's selection begins; the first one where nothing is selected. */
function firstSelected(text: HTMLElement, tokens: readonly Range[]): number {
  const selected = readSelection(text);
  return selected ? tokenAt(tokens, selected.start) : 0;
}
