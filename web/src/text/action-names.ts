/** Names of the actions of the annotation screen. */

import type { ActionName } from "@/core/keys";

import { annotatingText } from "./annotating";
import { t } from "./en";

const NAMES: Readonly<Record<ActionName, string>> = { ...t.help.actions, ...annotatingText.keys.actions };

export function actionName(action: ActionName): string {
  return NAMES[action];
}
