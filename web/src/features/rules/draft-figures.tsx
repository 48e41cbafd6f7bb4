/** Matches of the rule being written and how often it is right, as one types; with some of the records. */

import { SegmentedControl, Skeleton } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { findRecords } from "@/api/records";
import { draftFiguresQuery, rulesKey } from "@/api/rules";
import { WrongPlace } from "@/app/failed";
import { RecordsLink } from "@/app/records-link";
import type { AppRecord, DatasetRef } from "@/core/model";
import { countOf, type Draft, type DraftFigures as Measured, newQuery, rightQuery, wrongQuery } from "@/core/rules";
import { MarkedText } from "@/record/marked-text";
import { n, t } from "@/text/en";
import { percent } from "@/text/format";
import { rulesText } from "@/text/rules";

import classes from "./rules.module.css";

/** Between the last key and the question: short enough to feel at once, long enough to spare most of the typing. */
const PAUSE = 60;
/** The records themselves may come a little later; figures come first. */
const LATER = 350;
const SOME = 5;

export function DraftFigures({ dataset, draft }: { dataset: DatasetRef; draft: Draft }) {
  const words = rulesText.draft;
  const query = draft.query.trim();
  const [asked] = useDebouncedValue(query, PAUSE);
  const found = useQuery({ ...draftFiguresQuery(dataset, asked, draft.labels), enabled: asked !== "", placeholderData: keepPreviousData });
  if (!query) return <p className={classes["note"]}>{words.waiting}</p>;
  if (found.isError && asked === query) {
    return (
      <div className={classes["bad"]} role="alert">
        <WrongPlace query={asked} failure={found.error} />
      </div>
    );
  }
  if (!found.data) return <p className={classes["note"]}>{words.measuring}</p>;
  const fresh = asked === query && !found.isPlaceholderData;
  return (
    <>
      <Numbers dataset={dataset} query={asked} labels={draft.labels} figures={found.data} fresh={fresh} />
      <Sample dataset={dataset} query={asked} labels={draft.labels} ready={fresh} />
    </>
  );
}

interface NumbersProps {
  readonly dataset: DatasetRef;
  readonly query: string;
  readonly labels: readonly string[];
  readonly figures: Measured;
  readonly fresh: boolean;
}

function Numbers({ dataset, query, labels, figures, fresh }: NumbersProps) {
  const words = rulesText.figures;
  const matching = countOf(figures.coverage, figures.total_records);
  const annotated = countOf(figures.coverage_annotated, figures.annotated_records);
  const judged = labels.length > 0 && annotated > 0;
  const { correct = 0, incorrect = 0, precision } = figures;
  return (
    <div aria-busy={!fresh}>
      <dl className={classes["numbers"]} aria-label={rulesText.draft.figures}>
        <Number name={words.matching} note={percent(figures.coverage ?? 0)}>
          <RecordsLink dataset={dataset} query={query}>{n(matching)}</RecordsLink>
        </Number>
        <Number name={words.annotated}>{words.of(annotated, figures.annotated_records)}</Number>
        <Number name={words.right}>{judged ? <RecordsLink dataset={dataset} query={rightQuery(query, labels)}>{n(correct)}</RecordsLink> : words.unknown}</Number>
        <Number name={words.wrong}>{judged ? <RecordsLink dataset={dataset} query={wrongQuery(query, labels)}>{n(incorrect)}</RecordsLink> : words.unknown}</Number>
        <Number name={words.precision}>{judged && precision !== undefined ? percent(precision) : words.unknown}</Number>
      </dl>
      <p className={classes["note"]}>{!labels.length ? words.noLabel : judged ? words.precisionHint : words.unknownHint}</p>
      <span className="sr-only" role="status">
        {fresh ? judged ? rulesText.draft.judged(matching, correct, incorrect) : rulesText.draft.summary(matching) : ""}
      </span>
    </div>
  );
}

function Number({ name, note, children }: { name: string; note?: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children} {note && <small>{note}</small>}
      </dd>
    </div>
  );
}

type Kind = keyof typeof rulesText.sample.kinds;

function Sample({ dataset, query, labels, ready }: { dataset: DatasetRef; query: string; labels: readonly string[]; ready: boolean }) {
  const words = rulesText.sample;
  const [chosen, setKind] = useState<Kind>("all");
  const kind = chosen === "wrong" && !labels.length ? "all" : chosen;
  const [settled] = useDebouncedValue(query, LATER);
  const text = kind === "wrong" ? wrongQuery(settled, labels) : kind === "fresh" ? newQuery(settled) : settled;
  const found = useQuery({
    queryKey: [...rulesKey(dataset), "sample", text],
    queryFn: ({ signal }) => findRecords(dataset, { query: { query_text: text }, sort: [] }, { limit: SOME, from: 0 }, signal),
    enabled: ready && settled === query,
    placeholderData: keepPreviousData,
    gcTime: 60_000,
    retry: false,
  });
  return (
    <section aria-label={words.title}>
      <SegmentedControl
        size="xs"
        aria-label={words.title}
        value={kind}
        onChange={(value) => { setKind(value as Kind); }}
        data={(["all", "fresh", "wrong"] as const).map((value) => ({ value, label: words.kinds[value], disabled: value === "wrong" && !labels.length }))}
      />
      {found.isError ? (
        <p className={classes["bad"]}>{found.error.message}</p>
      ) : !found.data ? (
        <Skeleton h={120} mt="xs" role="progressbar" aria-label={t.common.loading} />
      ) : found.data.total === 0 ? (
        <p className={classes["note"]}>{words.none[kind]}</p>
      ) : (
        <>
          <ul className={classes["sample"]} data-stale={found.isPlaceholderData || undefined}>
            {found.data.records.map((each) => <Row key={each.id} record={each} />)}
          </ul>
          <RecordsLink dataset={dataset} query={text} className={classes["more"]}>{words.all(found.data.total)}</RecordsLink>
        </>
      )}
    </section>
  );
}

function Row({ record }: { record: AppRecord }) {
  const { labels = [] } = record.answer.value;
  const answered = record.answer.state !== "draft" && labels.length > 0;
  return (
    <li>
      {record.fields.map((field) => (
        <div key={field.name} className={classes["line"]} dir="auto">
          <MarkedText text={field.text} hits={record.hits} />
        </div>
      ))}
      {answered && <span className={classes["few"]}>{rulesText.sample.annotatedAs(labels.join(", "))}</span>}
    </li>
  );
}
