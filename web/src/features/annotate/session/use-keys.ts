/** Keys of the whole screen. They never fire where somebody types, nor behind an open dialog. */

import { useEffectEvent, useLayoutEffect } from "react";

import { type ActionName, actionOf, keyOf, shiftedDigit } from "@/core/keys";
import { useAnnotatorSettings } from "@/record/annotator-settings";

const TYPING = "input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable=true]";
const OPEN = "[role=dialog], [role=menu], [role=listbox]";

/** `label` is offered the keys that are no action, and says whether it took them. */
export function useKeys(act: (action: ActionName) => void, label: (key: string) => boolean): void {
  const { bindings } = useAnnotatorSettings();
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest(OPEN)) return;
    const key = keyOf(event);
    const action = actionOf(key, bindings);
    if (target?.closest(TYPING)) {
      if (!(action && key.startsWith("Mod+") && key.endsWith("Enter"))) return;
    } else if (target?.closest("button, a, summary") && (key === "Enter" || key === " ")) return;
    if (action) act(action);
    else if (!label(key) && !label(shiftedDigit(event) ?? key)) return;
    event.preventDefault();
  });

  useLayoutEffect(() => {
    const listener = (event: KeyboardEvent) => { onKey(event); };
    window.addEventListener("keydown", listener);
    return () => { window.removeEventListener("keydown", listener); };
  }, []);
}
