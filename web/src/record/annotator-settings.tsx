/** Settings of an annotator: their keys, and whether predictions are shown before they are asked for. */

import { createContext, use } from "react";

import { type ActionName, type Bindings, KEYS } from "@/core/keys";
import { Key } from "@/ui/key";

export interface AnnotatorSettings {
  readonly bindings: Bindings;
  /** Predictions are not shown now. */
  readonly hidden: boolean;
}

export const AnnotatorSettingsContext = createContext<AnnotatorSettings>({ bindings: KEYS, hidden: false });

export function useAnnotatorSettings(): AnnotatorSettings {
  return use(AnnotatorSettingsContext);
}

/** The key of an action as its control shows it; nothing where somebody gave the action none. */
export function ActionKey({ action, at = 0 }: { action: ActionName; at?: number }) {
  const keys = useAnnotatorSettings().bindings[action];
  const key = keys[at] ?? keys[0];
  return key === undefined ? null : <Key of={key} />;
}
