/** Actions of an annotator on records, whichever way the records are shown. */

import { useMemo } from "react";

import type { EditSession } from "@/core/edit-session";
import { isEmpty } from "@/core/model";
import type { CardActions } from "@/features/annotate/record-card";
import { acceptAll, hasSuggestions, missing, openSuggestions, reject } from "@/record/answers";
import { picked } from "@/record/record-body";
import { t } from "@/text/en";

interface Options {
  readonly overlapping: boolean;
  /** Is a single label enough to be done with a record? */
  readonly submitOnPick: boolean;
  /** Called with the records that an action is finished with. */
  readonly onAnswered: (ids: readonly string[]) => void;
  /** Called with what stands in the way of an action. */
  readonly onSay: (message: string) => void;
}

/** Everything that can be done; `submit` and the like return whether they did it. */
export interface Actions extends CardActions {
  readonly answerAll: (ids: readonly string[], state: "submitted" | "discarded") => void;
  readonly labelAll: (ids: readonly string[], label: string) => void;
  /** Validates each of them with what is predicted for it, as one step; those without a prediction stay. */
  readonly acceptEach: (ids: readonly string[]) => void;
}

export function useActions(edits: EditSession, { overlapping, submitOnPick, onAnswered, onSay }: Options): Actions {
  return useMemo(() => {
    function submit(ids: readonly string[]) {
      const ready = ids.filter((id) => {
        const edit = edits.get(id);
        return edit && !missing(edit);
      });
      const edit = ids[0] === undefined ? undefined : edits.get(ids[0]);
      if (!ready.length) {
        if (edit) onSay(missing(edit) === "text" ? t.annotate.writeFirst : t.annotate.chooseFirst);
        return;
      }
      edits.commit(ready, "submitted");
      onAnswered(ready);
    }

    return {
      pickLabel: (id, label) => {
        const edit = edits.get(id);
        if (!edit) return;
        const value = picked(edit, label);
        if (edit.record.multiLabel || !submitOnPick) edits.edit(id, value);
        else if (value.labels?.length) {
          edits.commit([id], "submitted", () => value);
          onAnswered([id]);
        } else edits.commit([id], "none", () => value);
      },
      submit: (id) => { submit([id]); },
      discard: (id) => {
        const back = edits.get(id)?.now.state === "discarded";
        edits.commit([id], back ? "none" : "discarded");
        if (!back) onAnswered([id]);
      },
      clear: (id) => { edits.commit([id], "none", () => ({})); },
      accept: (id) => {
        const edit = edits.get(id);
        if (!edit) return;
        const value = acceptAll(edit, overlapping);
        if (edit.record.task === "TextClassification" && !edit.record.multiLabel && submitOnPick) {
          if (!value.labels?.length) return;
          edits.commit([id], "submitted", () => value);
          onAnswered([id]);
        } else edits.edit(id, value);
      },
      reject: (id) => {
        const edit = edits.get(id);
        const open = edit ? openSuggestions(edit) : [];
        if (edit && open.length) edits.edit(id, reject(edit, open));
      },
      answerAll: (ids, state) => {
        if (state === "submitted") submit(ids);
        else {
          edits.commit(ids, state);
          onAnswered(ids);
        }
      },
      acceptEach: (ids) => {
        const ready = ids.filter((id) => {
          const edit = edits.get(id);
          return edit && hasSuggestions(edit.record) && !isEmpty(acceptAll(edit, overlapping));
        });
        if (!ready.length) return;
        edits.commit(ready, "submitted", (edit) => acceptAll(edit, overlapping));
        onAnswered(ready);
      },
      labelAll: (ids, label) => {
        edits.commit(ids, "submitted", ({ record, now }) => ({
          labels: record.multiLabel ? [...new Set([...(now.value.labels ?? []), label])] : [label],
        }));
        onAnswered(ids);
      },
    };
  }, [edits, overlapping, submitOnPick, onAnswered, onSay]);
}
