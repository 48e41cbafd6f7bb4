/** The keys of the review page. They never fire where somebody types, nor behind an open dialog. */

import { useEffectEvent, useLayoutEffect } from "react";

import { keyOf, labelNumber } from "@/core/keys";

export const REVIEW_KEYS = {
  save: ["Enter", "Mod+Enter"],
  unusable: ["d"],
  edit: ["e"],
  reason: ["r"],
  names: ["w"],
  plain: ["t"],
  comment: ["m"],
  guidelines: ["g"],
  next: ["n", "PageDown"],
  previous: ["p", "PageUp"],
  undo: ["u", "Mod+z"],
  search: ["/"],
  help: ["?"],
  leave: ["Escape"],
} as const;
export type ReviewAction = keyof typeof REVIEW_KEYS;

const NAMES = Object.keys(REVIEW_KEYS) as ReviewAction[];
const TYPING = "input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable=true]";
const OPEN = "[role=dialog], [role=menu], [role=listbox]";

export function actionFor(key: string): ReviewAction | undefined {
  return NAMES.find((name) => (REVIEW_KEYS[name] as readonly string[]).includes(key));
}

/** `digit` is told the place of a digit: 0 for the key 1. */
export function useReviewKeys(act: (action: ReviewAction) => void, digit: (index: number) => void): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest(OPEN)) return;
    const key = keyOf(event);
    const action = actionFor(key);
    if (target?.closest(TYPING)) {
      if (key !== "Mod+Enter") return;
    } else if (target?.closest("button, a, summary") && (key === "Enter" || key === " ")) return;
    const index = labelNumber(key);
    if (action) act(action);
    else if (index !== undefined) digit(index);
    else return;
    event.preventDefault();
  });

  useLayoutEffect(() => {
    const listener = (event: KeyboardEvent) => { onKey(event); };
    window.addEventListener("keydown", listener);
    return () => { window.removeEventListener("keydown", listener); };
  }, []);
}
