/** How far I am with what was assigned to me: a thin line, which moves with every answer and asks the server for nothing. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { workQuery } from "@/api/work";
import type { EditSession } from "@/core/edit-session";
import type { DatasetRef } from "@/core/model";
import classes from "@/features/annotate/dataset-page.module.css";
import { frameText } from "@/text/frame";
import { Bar } from "@/ui/bar";

interface Props {
  readonly dataset: DatasetRef;
  readonly ids: readonly string[];
  readonly edits: EditSession;
}

export function QueueProgress({ dataset, ids, edits }: Props) {
  const { data: work, dataUpdatedAt } = useQuery(workQuery);
  const here = ids.filter((id) => isDone(edits, id)).length;
  // what the server had counted already when it was asked
  const [counted, setCounted] = useState({ at: dataUpdatedAt, here });
  if (counted.at !== dataUpdatedAt) setCounted({ at: dataUpdatedAt, here });
  const mine = work?.find((each) => each.workspace === dataset.workspace && each.name === dataset.name);
  const total = mine ? mine.done + mine.left : 0;
  const done = mine ? Math.min(total, Math.max(0, mine.done + here - counted.here)) : 0;
  const words = frameText.queue.progress(done, total);
  return (
    <div className={classes["progress"]}>
      <Bar label={words} parts={[{ kind: "done", share: total ? done / total : 0 }]} />
      <span>{mine && words}</span>
    </div>
  );
}

function isDone(edits: EditSession, id: string): boolean {
  const edit = edits.get(id);
  return edit !== undefined && (edit.saved.state === "submitted" || edit.saved.state === "discarded");
}
