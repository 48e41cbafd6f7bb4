/** Beside a queue only what concerns me: what was said to me about the record, and what became of my answer. */

import { useQuery } from "@tanstack/react-query";
import { Suspense } from "react";

import { inboxQuery } from "@/api/inbox";
import type { EditSession } from "@/core/edit-session";
import type { DatasetRef } from "@/core/model";
import { MyAnswer } from "@/features/annotate/panels";
import { useRecordEdit } from "@/features/annotate/session/use-annotation-session";

interface Props {
  readonly dataset: DatasetRef;
  readonly edits: EditSession;
  readonly record: string | null;
  readonly onFlag: (id: string) => void;
}

export function QueueNotes({ dataset: { workspace, name }, dataset, edits, record, onFlag }: Props) {
  const edit = useRecordEdit(edits, record ?? "");
  const { data: comments } = useQuery({ ...inboxQuery, staleTime: 60_000 });
  if (!edit) return null;
  const commented = comments?.some((each) => each.workspace === workspace && each.dataset === name && each.record === edit.record.id) ?? false;
  const answered = edit.now.state === "submitted" || edit.now.state === "discarded";
  if (!commented && !answered) return null;
  return (
    <Suspense>
      <MyAnswer key={edit.record.id} quiet commented={commented} results={false} dataset={dataset} edit={edit} onFlag={onFlag} />
    </Suspense>
  );
}
