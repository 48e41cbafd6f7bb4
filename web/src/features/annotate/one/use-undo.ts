/** Taking steps back: of this visit, and before that one's last answer or skip on any device. */

import { useRef } from "react";

import { findRecord } from "@/api/records";
import { lastDone } from "@/api/work";
import type { Front } from "@/core/front-record";
import type { DatasetRef } from "@/core/model";
import type { View } from "@/core/view";
import type { AnnotationSession } from "@/features/annotate/session/use-annotation-session";
import { t } from "@/text/en";

import type { Claims } from "./use-claims";

interface Options {
  readonly dataset: DatasetRef;
  readonly session: AnnotationSession;
  readonly ids: readonly string[];
  readonly claims: Claims | null;
  readonly setFront: (to: Front) => void;
  readonly onView: (part: Partial<View>) => void;
  readonly onSay: (message: string) => void;
}

export function useUndo(options: Options): { readonly undo: () => void; readonly redo: () => void } {
  const pending = useRef(Promise.resolve());

  // one after the other: what is last is known once the step before it has been taken
  const run = (step: (options: Options) => Promise<void> | void) => {
    pending.current = pending.current
      .then(() => step(options))
      .catch((failure: unknown) => { options.onSay(failure instanceof Error ? failure.message : String(failure)); });
  };
  return { undo: () => { run(stepBack); }, redo: () => { run(stepForward); } };
}

async function stepBack(options: Options): Promise<void> {
  const { session, ids, claims, setFront, onView, onSay } = options;
  const back = (await claims?.undoSkip()) ?? session.edits.undo()[0] ?? (await undoBefore(options));
  onSay(back === null ? t.annotate.nothingToUndo : t.annotate.undone);
  if (back === null) return;
  if (claims || ids.includes(back)) setFront(back);
  else onView({ record: back });
}

function stepForward({ session, ids, setFront }: Options): void {
  const back = session.edits.redo()[0];
  if (back !== undefined && ids.includes(back)) setFront(back);
}

/** Takes back the last answer or skip that was not given on this page; the record it was about, or null. */
async function undoBefore({ dataset, session, ids, claims }: Options): Promise<string | null> {
  if (!dataset.individual && !claims) return null;
  const last = await lastDone(dataset);
  if (last === null || (last.skipped ? !claims : !dataset.individual)) return null;
  const { id } = last;
  if (last.skipped) await claims?.takeBack(id);
  const record = await findRecord(dataset, id);
  if (!record) return null;
  if (claims) await claims.bring(record);
  else if (!ids.includes(id)) await session.load([record]);
  if (!last.skipped) await session.undoSaved(id);
  return id;
}
