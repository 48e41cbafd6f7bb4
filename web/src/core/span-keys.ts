/** Effects of keys on spans while the caret stands in the text. */

import type { ActionName } from "./keys";
import { type Range, snap } from "./offsets";

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** Moves one end of a span. */
export interface ResizeKey {
  readonly by: "word" | "character";
  readonly edge: "start" | "end";
  readonly step: 1 | -1;
}

/** Alt and arrows move an end by a word; `.` and `,` by a character where spans may be parts of words. */
export function resizeOf(press: KeyPress, { rtl, characters }: { rtl: boolean; characters: boolean }): ResizeKey | null {
  const { key, altKey, shiftKey } = press;
  if (press.ctrlKey || press.metaKey) return null;
  if (altKey) {
    if (key !== "ArrowRight" && key !== "ArrowLeft") return null;
    return { by: "word", edge: shiftKey ? "start" : "end", step: (key === "ArrowRight") === rtl ? -1 : 1 };
  }
  // with Shift, layouts of keyboards differ in what the two keys give
  const step = ".>:".includes(key) ? 1 : ",<;".includes(key) ? -1 : null;
  if (!characters || step === null) return null;
  return { by: "character", edge: shiftKey || !".,".includes(key) ? "start" : "end", step };
}

export type SpanCommand = "label" | "remove" | "accept" | "reject" | "open-popup" | "leave";

interface Situation {
  readonly action: ActionName | undefined;
  /** True if a label has this key. */
  readonly isLabel: boolean;
  /** True if there is a caret. */
  readonly caret: boolean;
  /** True if a prediction lies under the caret. */
  readonly predicted: boolean;
}

/** Effect of a key on the words under the caret; null where it does nothing here. */
export function spanCommand(key: string, { action, isLabel, caret, predicted }: Situation): SpanCommand | null {
  if (caret) {
    if (isLabel) return "label";
    if (key === "Delete" || key === "Backspace") return "remove";
    if (key === " ") return "accept";
    if (action === "reject" && predicted) return "reject";
    if (action === "find-label") return "open-popup";
  }
  return key === "Escape" ? "leave" : null;
}

/** Fit a selection: whole words; or, where parts of them are asked for, all of it but blanks at its ends. */
export function fitSelection(text: string, tokens: readonly Range[], selected: Range, parts: boolean): Range | null {
  if (!parts) return snap(tokens, selected);
  const words = text.slice(selected.start, selected.end);
  const start = selected.start + (words.length - words.trimStart().length);
  const end = selected.end - (words.length - words.trimEnd().length);
  return end > start ? { start, end } : null;
}
