/** The keys of the review page. They never fire where somebody types, nor behind an open dialog. */

import { useEffectEvent, useLayoutEffect, useMemo } from "react";

import { type ActionName, type Bindings, keyOf, shiftedDigit } from "@/core/keys";
import { useAnnotatorSettings } from "@/record/annotator-settings";

/** Actions that a reviewer shares with annotators, by the keys that they chose for that. */
const AS_ANNOTATOR = {
  save: "submit", unusable: "discard", next: "next", previous: "previous", undo: "undo",
  guidelines: "guidelines", search: "search", "find-label": "find-label", help: "help",
} as const satisfies Readonly<Record<string, ActionName>>;
/** Actions of reviewers alone. Where somebody gave the key to one of those above, the first free letter takes its place. */
const ONLY_HERE = { edit: "e", reason: "r", names: "w", plain: "t", comment: "m" } as const;

export type ReviewAction = keyof typeof AS_ANNOTATOR | keyof typeof ONLY_HERE | "leave";
export type ReviewKeys = Readonly<Record<ReviewAction, readonly string[]>>;

const TYPING = "input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable=true]";
const OPEN = "[role=dialog], [role=menu], [role=listbox]";

export function reviewKeys(bindings: Bindings): ReviewKeys {
  const shared = Object.entries(AS_ANNOTATOR).map(([action, name]) => [action, bindings[name]] as const);
  const taken = new Set<string>(shared.flatMap(([, keys]) => keys));
  const free = [..."abcdefghijklmnopqrstuvwxyz"].filter((each) => !taken.has(each) && !Object.values<string>(ONLY_HERE).includes(each));
  const own = Object.entries(ONLY_HERE).map(([action, key]) => [action, [taken.has(key) ? (free.shift() ?? key) : key]] as const);
  return Object.fromEntries([...shared, ...own, ["leave", ["Escape"]]]) as ReviewKeys;
}

/** With the keys of reviewers as well, so that no label gets one of them. */
export function reviewBindings(bindings: Bindings): Bindings {
  const keys = reviewKeys(bindings);
  const own = (Object.keys(ONLY_HERE) as (keyof typeof ONLY_HERE)[]).flatMap((action) => keys[action]);
  return { ...bindings, help: [...bindings.help, ...own] };
}

export function useReviewBindings(): ReviewKeys {
  const { bindings } = useAnnotatorSettings();
  return useMemo(() => reviewKeys(bindings), [bindings]);
}

export function actionFor(key: string, keys: ReviewKeys): ReviewAction | undefined {
  return (Object.keys(keys) as ReviewAction[]).find((name) => keys[name].includes(key));
}

/** `choose` is offered the keys that are no action, and says whether it took them. */
export function useReviewKeys(act: (action: ReviewAction) => void, choose: (key: string) => boolean): void {
  const keys = useReviewBindings();
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest(OPEN)) return;
    const key = keyOf(event);
    const action = actionFor(key, keys);
    if (target?.closest(TYPING)) {
      if (!(action && key.startsWith("Mod+") && key.endsWith("Enter"))) return;
    } else if (target?.closest("button, a, summary") && (key === "Enter" || key === " ")) return;
    if (action) act(action);
    else if (!choose(key) && !choose(shiftedDigit(event) ?? key)) return;
    event.preventDefault();
  });

  useLayoutEffect(() => {
    const listener = (event: KeyboardEvent) => { onKey(event); };
    window.addEventListener("keydown", listener);
    return () => { window.removeEventListener("keydown", listener); };
  }, []);
}
