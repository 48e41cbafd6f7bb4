/** What an annotator can do to records, whichever way the records are shown. */

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
  readonly settleOnPick: boolean;
  /** Called with the records that an action is finished with. */
  readonly onSettled: (ids: readonly string[]) => void;
  /** Called with what stands in the way of an action. */
  readonly onSay: (message: string) => void;
}

/** Everything that can be done; `submit` and the like return whether they did it. */
export interface Actions extends CardActions {
  readonly settleAll: (ids: readonly string[], state: "submitted" | "discarded") => void;
  readonly labelAll: (ids: readonly string[], label: string) => void;
  /** Validates each of them with what is predicted for it, as one step; those without a prediction stay. */
  readonly acceptEach: (ids: readonly string[]) => void;
}

export function useActions(edits: EditSession, { overlapping, settleOnPick, onSettled, onSay }: Options): Actions {
  return useMemo(() => {
    function submit(ids: readonly string[]) {
      const ready = ids.filter((id) => {
        const held = edits.get(id);
        return held && !missing(held);
      });
      const held = ids[0] === undefined ? undefined : edits.get(ids[0]);
      if (!ready.length) {
        if (held) onSay(missing(held) === "text" ? t.annotate.writeFirst : t.annotate.chooseFirst);
        return;
      }
      edits.commit(ready, "submitted");
      onSettled(ready);
    }

    return {
      pickLabel: (id, label) => {
        const held = edits.get(id);
        if (!held) return;
        const value = picked(held, label);
        if (held.record.multiLabel || !settleOnPick) edits.edit(id, value);
        else if (value.labels?.length) {
          edits.commit([id], "submitted", () => value);
          onSettled([id]);
        } else edits.commit([id], "none", () => value);
      },
      submit: (id) => { submit([id]); },
      discard: (id) => {
        const back = edits.get(id)?.now.state === "discarded";
        edits.commit([id], back ? "none" : "discarded");
        if (!back) onSettled([id]);
      },
      clear: (id) => { edits.commit([id], "none", () => ({})); },
      accept: (id) => {
        const held = edits.get(id);
        if (!held) return;
        const value = acceptAll(held, overlapping);
        if (held.record.task === "TextClassification" && !held.record.multiLabel && settleOnPick) {
          if (!value.labels?.length) return;
          edits.commit([id], "submitted", () => value);
          onSettled([id]);
        } else edits.edit(id, value);
      },
      reject: (id) => {
        const held = edits.get(id);
        const open = held ? openSuggestions(held) : [];
        if (held && open.length) edits.edit(id, reject(held, open));
      },
      settleAll: (ids, state) => {
        if (state === "submitted") submit(ids);
        else {
          edits.commit(ids, state);
          onSettled(ids);
        }
      },
      acceptEach: (ids) => {
        const ready = ids.filter((id) => {
          const held = edits.get(id);
          return held && hasSuggestions(held.record) && !isEmpty(acceptAll(held, overlapping));
        });
        if (!ready.length) return;
        edits.commit(ready, "submitted", (held) => acceptAll(held, overlapping));
        onSettled(ready);
      },
      labelAll: (ids, label) => {
        edits.commit(ids, "submitted", ({ record, now }) => ({
          labels: record.multiLabel ? [...new Set([...(now.value.labels ?? []), label])] : [label],
        }));
        onSettled(ids);
      },
    };
  }, [edits, overlapping, settleOnPick, onSettled, onSay]);
}
