/** Counts over the records that match: labels given, words, spans; each opens the records with it. */

import { SegmentedControl, Skeleton, Text, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { countRecords } from "@/api/records";
import type { DatasetRef, Task } from "@/core/model";
import { searchBody, type View } from "@/core/view";
import { n, t } from "@/text/en";
import { toolsText } from "@/text/tools";

import classes from "./sidebar.module.css";

const MOST = 25;
type What = "annotated_as" | "words" | "mentions" | "predicted_mentions";

const NAMES: Record<What, string> = {
  annotated_as: toolsText.stats.labels,
  words: toolsText.stats.words,
  mentions: toolsText.stats.mentions,
  predicted_mentions: toolsText.stats.predictedMentions,
};
const OF: Record<Task, readonly What[]> = {
  TextClassification: ["annotated_as", "words"],
  TokenClassification: ["annotated_as", "mentions", "predicted_mentions", "words"],
  Text2Text: ["words"],
};

/** Something counted, and the view that shows the records behind it. */
interface Row {
  readonly name: string;
  readonly count: number;
  readonly to: Partial<View>;
}

function rowsOf(what: What, facet: Readonly<Record<string, unknown>>, view: View): Row[] {
  const all = Object.entries(facet).flatMap(([name, given]): Row[] => {
    if (typeof given === "object" && given !== null) {
      const words = (text: string) => `${view.q} "${text.replace(/["\\]/g, "\\$&")}"`.trim();
      return Object.entries(given as Record<string, number>).map(([text, count]) => ({ name: `${text} · ${name}`, count, to: { q: words(text) } }));
    }
    const to = what === "words" ? { q: `${view.q} ${name}`.trim() } : { filters: { ...view.filters, [what]: [name] } };
    return [{ name, count: Number(given), to }];
  });
  return all.sort((one, other) => other.count - one.count).slice(0, MOST);
}

export default function Stats({ dataset, view, onView }: { dataset: DatasetRef; view: View; onView: (part: Partial<View>) => void }) {
  const offered = OF[dataset.task];
  const [what, setWhat] = useState<What>(offered[0] ?? "words");
  const body = searchBody(view);
  const found = useQuery({
    queryKey: ["stats", dataset.workspace, dataset.name, what, body.query],
    queryFn: async ({ signal }) => (await countRecords(dataset, { ...body, sort: [] }, [what], signal)).aggregations[what] ?? {},
    staleTime: 15_000,
  });
  const rows = found.data ? rowsOf(what, found.data, view) : [];
  return (
    <>
      {offered.length > 1 && (
        <SegmentedControl
          size="xs"
          orientation={offered.length > 2 ? "vertical" : "horizontal"}
          aria-label={toolsText.stats.title}
          data={offered.map((each) => ({ value: each, label: NAMES[each] }))}
          value={what}
          onChange={(value) => { setWhat(value as What); }}
        />
      )}
      {found.isPending ? (
        <Skeleton h={80} role="progressbar" aria-label={t.common.loading} />
      ) : found.isError ? (
        <Text size="xs">{found.error.message}</Text>
      ) : rows.length ? (
        <ul className={classes["counts"]} aria-label={NAMES[what]}>
          {rows.map((each) => (
            <li key={each.name}>
              <UnstyledButton title={toolsText.stats.show(each.name)} onClick={() => { onView({ ...each.to, page: 1, record: null }); }}>
                <span>{each.name}</span>
                <span>{n(each.count)}</span>
              </UnstyledButton>
            </li>
          ))}
        </ul>
      ) : (
        <Text size="xs" c="dimmed">{toolsText.stats.none}</Text>
      )}
    </>
  );
}
