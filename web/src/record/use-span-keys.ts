/** The keys of a text whose words are marked: they move the caret, and change what lies under it. */

import type { KeyboardEvent, RefObject } from "react";

import { moveOf } from "@/core/caret";
import { actionOf, keyOf, shiftedDigit } from "@/core/keys";
import type { Span } from "@/core/model";
import type { Range } from "@/core/offsets";
import { resizeOf, spanCommand } from "@/core/span-keys";
import { byCharacter, byWord, spansAt } from "@/core/spans";

import { useAnnotatorSettings } from "./annotator-settings";
import type { SpanEdits } from "./span-edits";
import type { WordCaret } from "./use-caret";
import { labelAt, type LabelSet } from "./use-labels";

interface Options {
  readonly root: RefObject<HTMLElement | null>;
  readonly text: string;
  readonly tokens: readonly Range[];
  readonly labels: LabelSet;
  readonly caret: WordCaret;
  readonly edits: SpanEdits;
  readonly onOpen: (range: Range, span: Span | null) => void;
}

export function useSpanKeys({ root, text, tokens, labels, caret, edits, onOpen }: Options): (event: KeyboardEvent) => void {
  const { bindings } = useAnnotatorSettings();

  function isRightToLeft(): boolean {
    return root.current !== null && getComputedStyle(root.current).direction === "rtl";
  }

  function resize(event: KeyboardEvent): boolean {
    const range = caret.range();
    const span = range && spansAt(edits.spans, range.start)[0];
    const moved = span && resizeOf(event, { rtl: isRightToLeft(), characters: labels.characters });
    if (!span || !moved) return false;
    edits.resize(span, moved.by === "word" ? byWord(tokens, span, moved.edge, moved.step) : byCharacter(text, span, moved.edge, moved.step));
    return true;
  }

  function move(event: KeyboardEvent): boolean {
    const to = tokens.length ? moveOf(event.key, isRightToLeft()) : null;
    if (to) caret.move(to, event.shiftKey);
    return to !== null;
  }

  /** One word inside a span means that span; anything longer is a new one. */
  function spanMeant(range: Range): Span | null {
    return caret.onSingleWord() ? (spansAt(edits.spans, range.start)[0] ?? null) : null;
  }

  /** Returns whether the key is used up. */
  function change(event: KeyboardEvent): boolean {
    const range = caret.range();
    const key = keyOf(event.nativeEvent);
    const action = actionOf(key, bindings);
    const label = action ? undefined : labelAt(labels.options, shiftedDigit(event.nativeEvent) ?? key);
    const predicted = range !== null && spansAt(edits.suggestions, range.start).length > 0;
    const command = spanCommand(event.key, { action, isLabel: label !== undefined, caret: range !== null, predicted });
    if (command === "leave") {
      caret.leave();
      window.getSelection()?.removeAllRanges();
    }
    if (!range || command === null || command === "leave") return false;
    const span = spanMeant(range);
    if (command === "label" && label) {
      if (span) edits.relabel(span, label.name);
      else edits.put(range, label.name);
    } else if (command === "remove") edits.removeAt(range.start);
    else if (command === "accept") edits.acceptAt(range.start);
    else if (command === "reject") edits.rejectAt(range.start);
    else if (command === "open-popup") onOpen(range, span);
    return true;
  }

  return (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (resize(event) || (plain && (move(event) || change(event)))) event.preventDefault();
  };
}
