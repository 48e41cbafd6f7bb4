/** Records for who leads: what each stands by and who said what. What is done to several decides for everybody. */

import { Button } from "@mantine/core";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Suspense, useCallback, useEffect, useLayoutEffect, useMemo, useState } from "react";

import { findRecords, nearest } from "@/api/records";
import { resultsQuery } from "@/api/results";
import { meQuery } from "@/api/session";
import { Failed } from "@/app/failed";
import { isScreenAction, type ScreenAction } from "@/core/keys";
import type { AppRecord, DatasetRef } from "@/core/model";
import { queryOfIds, searchBody, type View, whereOf } from "@/core/view";
import { NothingFound } from "@/features/annotate/empty-states";
import { BulkBar, BulkProgress } from "@/features/annotate/list/bulk-bar";
import type { BulkAction } from "@/features/annotate/list/bulk-dialog";
import { Loading } from "@/features/annotate/list/loading";
import { PageFooter } from "@/features/annotate/list/page-footer";
import { SimilarTo, useNear } from "@/features/annotate/list/similar-to";
import { useBulkJob } from "@/features/annotate/list/use-bulk-job";
import type { AnnotationSession } from "@/features/annotate/session/use-annotation-session";
import { useKeys } from "@/features/annotate/session/use-keys";
import { hasSuggestions } from "@/record/answers";
import listClasses from "@/record/record.module.css";
import type { LabelSet } from "@/record/use-labels";
import { t } from "@/text/en";
import { resultsText } from "@/text/results";
import { panel } from "@/ui/panel";

import { ResultCard } from "./result-card";
import classes from "./results.module.css";

const BulkDialog = panel(() => import("@/features/annotate/list/bulk-dialog"));
const NONE: readonly AppRecord[] = [];

interface Props {
  readonly dataset: DatasetRef;
  readonly view: View;
  readonly onView: (part: Partial<View>) => void;
  readonly session: AnnotationSession;
  readonly labels: LabelSet;
  readonly onScreen: (action: ScreenAction) => void;
  readonly onCurrent: (id: string | null) => void;
}

export default function Results({ dataset, view, onView, session, labels, onScreen, onCurrent }: Props) {
  const { edits } = session;
  const { data: me } = useSuspenseQuery(meQuery);
  const navigate = useNavigate();
  const only = view.layout === "list" ? null : view.record;
  const near = useNear(dataset, view.similar);
  const body = useMemo(
    () => (only === null ? nearest(searchBody(view), near.data ?? null) : { query: { ids: [only] }, sort: [] }),
    [view, near.data, only],
  );
  const from = only === null ? (view.page - 1) * view.size : 0;
  const found = useQuery({
    queryKey: ["records", dataset.workspace, dataset.name, "results", body, from, view.size],
    queryFn: async ({ signal }) => {
      const page = await findRecords(dataset, body, { limit: view.size, from }, signal);
      edits.hold(page.records); // what stands beside them is read from there
      return page;
    },
    enabled: !view.similar || near.isSuccess,
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
  });
  const records = found.data?.records ?? NONE;
  const results = useQuery({ ...resultsQuery(dataset, records), enabled: records.length > 0, placeholderData: keepPreviousData });
  const [{ active, follow }, setFront] = useState<{ active: string | null; follow: boolean }>({ active: null, follow: false });
  const onActivate = useCallback((id: string) => { setFront((before) => (before.active === id ? before : { active: id, follow: false })); }, []);
  const [checked, setChecked] = useState<ReadonlySet<string>>(new Set());
  const asked = JSON.stringify(body);
  const [everything, setEverything] = useState<string | null>(null);
  const all = everything === asked;
  const [doing, setDoing] = useState<BulkAction | null>(null);
  const [message, setMessage] = useState("");
  const bulk = useBulkJob(dataset, session);
  const ids = records.map((each) => each.id);
  const current = active !== null && ids.includes(active) ? active : (ids[0] ?? null);
  const selected = ids.filter((id) => checked.has(id));
  const onCheck = useCallback((id: string, on: boolean) => {
    setEverything(null);
    setChecked((before) => {
      const after = new Set(before);
      if (on) after.add(id);
      else after.delete(id);
      return after;
    });
  }, []);
  const onAnswer = useCallback((record: string) => { onView({ layout: "one", record, own: true }); }, [onView]);

  useLayoutEffect(() => { onCurrent(current); }, [current, onCurrent]);

  // what a change to many records made of them shows here
  const jobEnds = bulk.job !== null && !bulk.running;
  const { refetch } = results;
  useEffect(() => {
    if (jobEnds) void refetch();
  }, [jobEnds, refetch]);

  const move = (step: number) => {
    const next = current === null ? undefined : ids[ids.indexOf(current) + step];
    if (next !== undefined) setFront({ active: next, follow: true });
  };
  const undo = () => { if (!bulk.undo()) setMessage(t.annotate.nothingToUndo); };
  const review = (record: string) => void navigate({ to: "/datasets/$workspace/$name/review", params: { workspace: dataset.workspace, name: dataset.name }, search: { record } });

  function select(what: "page" | "all" | "none") {
    setChecked(new Set(what === "none" ? [] : ids));
    setEverything(what === "all" ? asked : null);
  }

  useKeys(
    (action) => {
      if (action === "undo") undo();
      else if (action === "next") move(1);
      else if (action === "previous") move(-1);
      else if (isScreenAction(action)) onScreen(action);
      else if (action === "submit" && current !== null) review(current);
      else setMessage(resultsText.notHere);
    },
    () => {
      setMessage(resultsText.notHere);
      return false;
    },
  );

  const reference = view.similar && (
    <SimilarTo
      dataset={dataset}
      near={near.data ?? null}
      missing={near.isSuccess && !near.data}
      labels={labels}
      count={found.data?.total ?? null}
      onBack={() => { onView({ similar: null, page: 1 }); }}
    />
  );
  const failure = found.error ?? results.error ?? near.error;
  if (failure) return <Failed failure={failure} view={view} onView={onView} onRetry={() => { void found.refetch(); void refetch(); }} />;
  if (!found.data) return <Loading />;
  if (!records.length)
    return (
      <>
        {reference}
        <BulkProgress bulk={bulk} />
        <NothingFound dataset={dataset} view={view} onView={onView} />
      </>
    );
  const { total } = found.data;
  const first = records[0];
  return (
    <>
      {reference}
      {only === null ? (
        <BulkBar
          onPage={ids.length}
          total={total}
          selected={selected.length}
          all={all}
          mayAll={!view.similar}
          labels={labels}
          labelled={dataset.task === "TextClassification"}
          predicted={first !== undefined && hasSuggestions(first)}
          gold
          message={message}
          onSelect={select}
          onLabel={() => { setDoing("label"); }}
          onDo={setDoing}
          onUndo={undo}
        />
      ) : (
        <div className={classes["only"]}>
          <span role="status">{message || resultsText.one(only)}</span>
          <Button size="compact-sm" variant="default" onClick={() => { onView({ layout: "list", record: null }); }}>
            {resultsText.showAll}
          </Button>
        </div>
      )}
      <BulkProgress bulk={bulk} />
      <div className={listClasses["list"]} aria-busy={found.isPlaceholderData}>
        {records.map((each) => (
          <ResultCard
            key={each.id}
            dataset={dataset}
            record={each}
            result={results.data?.get(each.id)}
            labels={labels}
            me={me.username}
            active={each.id === current}
            follow={follow && each.id === current}
            checked={checked.has(each.id) || all}
            onCheck={onCheck}
            onActivate={onActivate}
            onAnswer={onAnswer}
          />
        ))}
      </div>
      {only === null && <PageFooter view={view} total={total} late={found.data.late ?? 0} fetching={found.isFetching} onView={onView} onRefresh={() => { void found.refetch(); void refetch(); }} />}
      {doing && (
        <Suspense>
          <BulkDialog
            action={doing}
            dataset={dataset}
            labels={labels}
            several={first?.multiLabel ?? false}
            total={all ? total : selected.length}
            query={all ? (whereOf(view) ?? "") : queryOfIds(selected)}
            gold
            onApply={(change) => {
              select("none");
              bulk.begin(change);
            }}
            onClose={() => { setDoing(null); }}
          />
        </Suspense>
      )}
    </>
  );
}
