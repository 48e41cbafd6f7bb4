/** Progress with what was assigned to me: a thin line, which moves with every answer and asks the server for nothing. */

import { useQuery } from "@tanstack/react-query";

import { workQuery } from "@/api/work";
import type { DatasetRef } from "@/core/model";
import classes from "@/features/annotate/dataset-page.module.css";
import { frameText } from "@/text/frame";
import { Bar } from "@/ui/bar";

interface Props {
  readonly dataset: DatasetRef;
  /** Number of my records that are left, as the queue counts them at this moment. */
  readonly left: number;
}

export function QueueProgress({ dataset, left }: Props) {
  const { data: work } = useQuery(workQuery);
  const mine = work?.find((each) => each.workspace === dataset.workspace && each.name === dataset.name);
  const total = mine ? mine.done + mine.left : 0;
  const done = Math.max(0, total - left);
  const words = frameText.queue.progress(done, total);
  return (
    <div className={classes["progress"]}>
      <Bar label={words} parts={[{ kind: "done", share: total ? done / total : 0 }]} />
      <span>{mine && words}</span>
    </div>
  );
}
