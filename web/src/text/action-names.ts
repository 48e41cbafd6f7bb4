/** Names of the actions of the annotation screen. */

import type { ActionName } from "@/core/keys";

import { toolsText } from "./tools";

const NAMES: Readonly<Record<ActionName, string>> = { ...toolsText.help.actions, ...toolsText.keys.actions };

export function actionName(action: ActionName): string {
  return NAMES[action];
}
