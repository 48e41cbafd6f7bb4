/** The dataset as a whole: how much there is, done, in conflict and not given to anybody. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { countRecords } from "@/api/records";
import { type Progress, teamKey } from "@/api/team";
import type { DatasetRef } from "@/core/model";
import { FREE } from "@/core/plan-form";
import { n } from "@/text/en";
import { teamText } from "@/text/team";

import { RecordsLink } from "./records-link";
import classes from "./team.module.css";
import { day } from "./times";

export function Totals({ dataset, progress }: { dataset: DatasetRef; progress: Progress }) {
  const free = useQuery({
    queryKey: [...teamKey(dataset), "free"],
    queryFn: ({ signal }) => countRecords(dataset, { query: { query_text: FREE }, sort: [] }, [], signal),
  });
  const link = (count: number, search: string) => <RecordsLink dataset={dataset} count={count} search={search} />;
  const left = progress.annotators.reduce((sum, each) => sum + Math.max(0, each.assigned - each.done - each.skipped), progress.open);
  // conflicts may be left; all that people were asked for is there
  const finished = progress.records > 0 && (progress.complete === progress.records || (progress.annotators.length > 0 && left === 0));
  const totals: [string, ReactNode, boolean?][] = [
    [teamText.team.total, link(progress.records, "")],
    [teamText.team.complete, link(progress.complete, "status:(Validated OR Discarded)")],
    [teamText.team.conflicts, link(progress.in_conflict, "conflict:true")],
    [teamText.team.free, free.data ? link(free.data.total, FREE) : "–"],
    ...(progress.open ? ([[teamText.team.open, n(progress.open)]] as [string, ReactNode][]) : []),
    [teamText.team.finish, finished ? teamText.team.finished : progress.finish_at ? day(progress.finish_at) : teamText.team.unknown, true],
  ];
  return (
    <dl className={classes["totals"]}>
      {totals.map(([name, value, small]) => (
        <div key={name} className={classes["total"]}>
          <dt>{name}</dt>
          <dd data-small={small || undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
