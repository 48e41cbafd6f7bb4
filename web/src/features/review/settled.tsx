/** Records that are resolved: the value, who decided it or which rule, and why. */

import { Anchor, Badge, Button, Group, Skeleton } from "@mantine/core";
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";

import { caseQuery, type Decision } from "@/api/review";
import { findRecords } from "@/api/records";
import type { AppRecord, DatasetRef } from "@/core/model";
import { searchBody, type View } from "@/core/view";
import { Failed } from "@/app/failed";
import { n, t } from "@/text/en";
import { reviewText } from "@/text/review";
import { Empty } from "@/ui/empty";
import { Ago } from "@/ui/time";

import classes from "./review.module.css";
import { inWords } from "./decision-draft";

const SIZE = 20;
const SETTLED = "(status:Validated OR status:Discarded)";

interface Props {
  readonly dataset: DatasetRef;
  readonly view: View;
  readonly onView: (part: Partial<View>) => void;
  readonly onOpen: (id: string) => void;
}

export function settledIn(view: View): View {
  return { ...view, q: view.q.trim() ? `(${view.q}) AND ${SETTLED}` : SETTLED };
}

export function Settled({ dataset, view, onView, onOpen }: Props) {
  const body = searchBody(settledIn(view));
  const page = useQuery({
    queryKey: ["settled", dataset.workspace, dataset.name, body, view.page],
    queryFn: ({ signal }) => findRecords(dataset, body, { limit: SIZE, from: (view.page - 1) * SIZE }, signal),
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
  const records = page.data?.records ?? [];
  const cases = useQueries({ queries: records.map((each) => caseQuery(dataset, each)) });

  if (page.isPending) return <Skeleton h={320} role="progressbar" aria-label={t.common.loading} />;
  if (page.isError) return <Failed failure={page.error} onRetry={() => void page.refetch()} />;
  if (!records.length) return <Empty title={reviewText.noneSettled}>{reviewText.noneSettledIntro}</Empty>;
  const pages = Math.ceil(page.data.total / SIZE);
  return (
    <>
      <p className={classes["note"]}>{reviewText.settledCount(page.data.total)}</p>
      <div className={classes["tablebox"]}>
        <table className={classes["table"]}>
          <thead>
            <tr>
              <th scope="col">{t.annotate.record}</th>
              <th scope="col">{reviewText.decision}</th>
              <th scope="col">{reviewText.by}</th>
              <th scope="col">{reviewText.why}</th>
              <th scope="col">{reviewText.answersShort}</th>
            </tr>
          </thead>
          <tbody>
            {records.map((record, at) => (
              <Row key={record.id} record={record} gold={cases[at]?.data?.gold ?? null} answers={cases[at]?.data?.answers.length} onOpen={onOpen} />
            ))}
          </tbody>
        </table>
      </div>
      {pages > 1 && (
        <Group justify="center" mt="sm">
          <Button variant="default" size="compact-sm" disabled={view.page <= 1} onClick={() => { onView({ page: view.page - 1 }); }}>
            {t.annotate.previousPage}
          </Button>
          <span className={classes["note"]}>{t.annotate.page(view.page, pages)}</span>
          <Button variant="default" size="compact-sm" disabled={view.page >= pages} onClick={() => { onView({ page: view.page + 1 }); }}>
            {t.annotate.nextPage}
          </Button>
        </Group>
      )}
    </>
  );
}

function Row({ record, gold, answers, onOpen }: { record: AppRecord; gold: Decision | null; answers: number | undefined; onOpen: (id: string) => void }) {
  const shown = gold ?? { value: record.answer.value, discarded: record.answer.state === "discarded" };
  return (
    <tr>
      <td>
        <Anchor component="button" type="button" ta="start" size="sm" className={classes["excerpt"] ?? ""} onClick={() => { onOpen(record.id); }}>
          <span dir="auto">{record.fields.map((each) => each.text).join(" · ") || record.id}</span>
        </Anchor>
      </td>
      <td dir="auto">{inWords(shown)}</td>
      <td>
        {gold ? (
          <>
            {gold.author}{" "}
            <span className={classes["when"]}>
              <Ago time={gold.at} />
            </span>
          </>
        ) : (
          <Badge>{rule(record.author)}</Badge>
        )}
      </td>
      <td dir="auto">{gold?.reason ?? ""}</td>
      <td className={classes["number"]}>{answers === undefined ? "" : n(answers)}</td>
    </tr>
  );
}

function rule(agent: string | null): string {
  if (!agent) return reviewText.allDiscarded;
  const name = agent.startsWith("consensus:") ? agent.slice("consensus:".length) : "";
  return name ? (reviewText.rules[name] ?? name) : reviewText.onlyAnswer(agent);
}
