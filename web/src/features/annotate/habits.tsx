/** How somebody likes to work: their keys, and whether predictions are shown before they are asked for. */

import { createContext, use } from "react";

import { type ActionName, type Bindings, KEYS } from "@/core/keys";
import { Key } from "@/ui/key";

export interface Habits {
  readonly bindings: Bindings;
  /** Predictions are not shown now. */
  readonly hidden: boolean;
}

export const HabitsContext = createContext<Habits>({ bindings: KEYS, hidden: false });

export function useHabits(): Habits {
  return use(HabitsContext);
}

/** The key of an action as its control shows it; nothing where somebody gave the action none. */
export function ActionKey({ action, at = 0 }: { action: ActionName; at?: number }) {
  const keys = useHabits().bindings[action];
  const key = keys[at] ?? keys[0];
  return key === undefined ? null : <Key of={key} />;
}
