/** Keys of the whole screen. They never fire where somebody types, nor behind an open dialog. */

import { useEffect, useEffectEvent } from "react";

import { type ActionName, actionOf, keyOf, labelNumber } from "@/core/keys";

const TYPING = "input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable=true]";
const OPEN = "[role=dialog], [role=menu], [role=listbox]";

export function useKeys(act: (action: ActionName) => void, label: (index: number) => void): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest(OPEN)) return;
    const key = keyOf(event);
    const action = actionOf(key);
    if (target?.closest(TYPING)) {
      if (!(action && key === "Mod+Enter")) return;
    } else if (target?.closest("button, a, summary") && (key === "Enter" || key === " ")) return;
    const index = labelNumber(key);
    if (action) act(action);
    else if (index !== undefined) label(index);
    else return;
    event.preventDefault();
  });

  useEffect(() => {
    const listener = (event: KeyboardEvent) => { onKey(event); };
    window.addEventListener("keydown", listener);
    return () => { window.removeEventListener("keydown", listener); };
  }, []);
}
