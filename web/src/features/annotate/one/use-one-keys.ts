/** The keys while records come one by one: they go, undo, skip, answer, and choose labels. */

import type { RecordEdit } from "@/core/edit-session";
import { isScreenAction, type ScreenAction } from "@/core/keys";
import type { Actions } from "@/features/annotate/session/use-actions";
import { useKeys } from "@/features/annotate/session/use-keys";
import { useAnnotatorSettings } from "@/record/annotator-settings";
import { labelAt, type LabelSet } from "@/record/use-labels";

interface Options {
  readonly edit: RecordEdit | undefined;
  readonly labels: LabelSet;
  readonly actions: Actions;
  readonly onUndo: () => void;
  readonly onRedo: () => void;
  readonly onSkip: () => void;
  readonly onGo: (step: 1 | -1) => void;
  readonly onScreen: (action: ScreenAction) => void;
}

export function useOneKeys({ edit, labels, actions, onUndo, onRedo, onSkip, onGo, onScreen }: Options): void {
  const { hidden } = useAnnotatorSettings();
  useKeys(
    (action) => {
      if (action === "undo") onUndo();
      else if (action === "redo") onRedo();
      else if (action === "next") onGo(1);
      else if (action === "previous") onGo(-1);
      else if (action === "find-label") document.querySelector<HTMLElement>("input[data-find-label]")?.focus();
      else if (isScreenAction(action)) onScreen(action);
      else if (action === "accept" && hidden) onScreen("predictions");
      else if (action === "skip") onSkip();
      else if (edit) actions[action](edit.record.id);
    },
    (key) => {
      if (edit?.record.task !== "TextClassification") return false;
      const { record, now } = edit;
      const predicted = record.suggestions.flatMap((suggestion) => suggestion.labels.map((each) => each.label));
      const label = labelAt(labels.with([...(now.value.labels ?? []), ...predicted]), key);
      if (label) actions.pickLabel(record.id, label.name);
      return label !== undefined;
    },
  );
}
