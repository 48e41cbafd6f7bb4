/** Records as a list: page by page, with labels and buttons on each, for several or for all that match at once. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Suspense, useCallback, useLayoutEffect, useMemo, useState } from "react";

import { findRecords, nearest } from "@/api/records";
import { Failed } from "@/app/failed";
import { isScreenAction, type ScreenAction } from "@/core/keys";
import type { DatasetRef } from "@/core/model";
import { searchBody, type View, whereOf } from "@/core/view";
import { NothingFound } from "@/features/annotate/empty-states";
import { RecordCard } from "@/features/annotate/record-card";
import { useActions } from "@/features/annotate/session/use-actions";
import type { AnnotationSession } from "@/features/annotate/session/use-annotation-session";
import { useKeys } from "@/features/annotate/session/use-keys";
import { useAnnotatorSettings } from "@/record/annotator-settings";
import { hasSuggestions } from "@/record/answers";
import record from "@/record/record.module.css";
import { labelAt, type LabelSet } from "@/record/use-labels";
import { t } from "@/text/en";
import { panel } from "@/ui/panel";

import { BulkBar, BulkProgress } from "./bulk-bar";
import type { BulkAction } from "./bulk-dialog";
import { Loading } from "./loading";
import { PageFooter } from "./page-footer";
import { SimilarTo, useNear } from "./similar-to";
import { useBulkJob } from "./use-bulk-job";

const BulkDialog = panel(() => import("./bulk-dialog"));

interface Props {
  readonly dataset: DatasetRef;
  readonly view: View;
  readonly onView: (part: Partial<View>, replace?: boolean) => void;
  readonly session: AnnotationSession;
  readonly labels: LabelSet;
  readonly armed: string | null;
  readonly onScreen: (action: ScreenAction) => void;
  readonly onCurrent: (id: string | null) => void;
}

export default function List({ dataset, view, onView, session, labels, armed, onScreen, onCurrent }: Props) {
  const { edits, load, mark } = session;
  const { hidden } = useAnnotatorSettings();
  const near = useNear(dataset, view.similar);
  const body = useMemo(() => nearest(searchBody(view), near.data ?? null), [view, near.data]);
  const from = (view.page - 1) * view.size;
  const found = useQuery({
    queryKey: ["records", dataset.workspace, dataset.name, body, from, view.size],
    queryFn: async ({ signal }) => {
      const since = mark();
      const page = await findRecords(dataset, body, { limit: view.size, from }, signal);
      await load(page.records, { since });
      return { total: page.total, late: page.late ?? 0, ids: page.records.map((each) => each.id) };
    },
    enabled: !view.similar || near.isSuccess,
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
  });
  const ids = found.data?.ids;
  // a card that the keyboard leads to is scrolled to; one under the mouse must not move away from it
  const [{ active, follow }, setFront] = useState<{ active: string | null; follow: boolean }>({ active: null, follow: false });
  const setActive = useCallback((id: string) => { setFront((before) => (before.active === id ? before : { active: id, follow: false })); }, []);
  const [checked, setChecked] = useState<ReadonlySet<string>>(new Set());
  const asked = JSON.stringify(body);
  const [everything, setEverything] = useState<string | null>(null);
  const all = everything === asked;
  const [doing, setDoing] = useState<BulkAction | null>(null);
  const bulk = useBulkJob(dataset, session);
  const current = active !== null && ids?.includes(active) ? active : (ids?.[0] ?? null);
  const selected = ids?.filter((id) => checked.has(id)) ?? [];
  const [message, setMessage] = useState("");
  const clearMessage = useCallback(() => { setMessage(""); }, []);
  const actions = useActions(edits, { overlapping: labels.overlapping, submitOnPick: true, onAnswered: clearMessage, onSay: setMessage });
  const check = useCallback((id: string, on: boolean) => {
    setEverything(null);
    setChecked((before) => {
      const after = new Set(before);
      if (on) after.add(id);
      else after.delete(id);
      return after;
    });
  }, []);

  useLayoutEffect(() => { onCurrent(current); }, [current, onCurrent]);

  const move = (step: number) => {
    const at = ids && current ? ids.indexOf(current) + step : 0;
    const next = ids?.[at];
    if (next !== undefined) setFront({ active: next, follow: true });
  };
  const undo = () => { if (!bulk.undo()) edits.undo(); };

  function select(what: "page" | "all" | "none") {
    setChecked(new Set(what === "none" ? [] : ids));
    setEverything(what === "all" ? asked : null);
  }

  function act(action: BulkAction) {
    if (all) setDoing(action);
    else if (action === "accept") actions.acceptEach(selected);
    else if (action !== "label") actions.answerAll(selected, action === "validate" ? "submitted" : "discarded");
  }

  useKeys(
    (action) => {
      const targets = selected.length ? selected : current ? [current] : [];
      if (action === "undo") undo();
      else if (action === "redo") edits.redo();
      else if (action === "next") move(1);
      else if (action === "previous") move(-1);
      else if (action === "find-label") document.querySelector<HTMLElement>("input[data-find-label]")?.focus();
      else if (action === "accept" && hidden) onScreen("predictions");
      else if (isScreenAction(action)) onScreen(action);
      else if (action === "skip") setMessage(t.queue.onlyInQueue);
      else if (all && (action === "submit" || action === "discard" || action === "accept")) act(action === "submit" ? "validate" : action);
      else if (action === "submit" || action === "discard") {
        actions.answerAll(targets, action === "submit" ? "submitted" : "discarded");
        if (!selected.length) move(1);
      } else targets.forEach((id) => { actions[action](id); });
    },
    (key) => {
      const label = labelAt(labels.options, key);
      if (!label || dataset.task !== "TextClassification") return false;
      if (all) setDoing("label");
      else if (selected.length) actions.labelAll(selected, label.name);
      else if (current) actions.pickLabel(current, label.name);
      return true;
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
  const failure = found.error ?? near.error;
  if (failure) return <Failed failure={failure} view={view} onView={onView} onRetry={() => void found.refetch()} />;
  if (!found.data || !ids || labels.pending) return <Loading />;
  if (!ids.length)
    return (
      <>
        {reference}
        <BulkProgress bulk={bulk} />
        <NothingFound dataset={dataset} view={view} onView={onView} />
      </>
    );
  const total = found.data.total;
  const first = edits.get(ids[0] ?? "")?.record;
  return (
    <>
      {reference}
      <BulkBar
        onPage={ids.length}
        total={total}
        selected={selected.length}
        all={all}
        mayAll={!view.similar}
        labels={labels}
        labelled={dataset.task === "TextClassification"}
        predicted={!hidden && first !== undefined && hasSuggestions(first)}
        gold={false}
        message={message}
        onSelect={select}
        onLabel={(label) => { actions.labelAll(selected, label); }}
        onDo={act}
        onUndo={undo}
      />
      <BulkProgress bulk={bulk} />
      <div className={record["list"]} aria-busy={found.isPlaceholderData}>
        {ids.map((id) => (
          <RecordCard
            key={id}
            edits={edits}
            id={id}
            labels={labels}
            active={id === current}
            follow={follow && id === current}
            roomy={false}
            armed={armed}
            actions={actions}
            checked={checked.has(id) || all}
            onCheck={check}
            onActivate={setActive}
          />
        ))}
      </div>
      <PageFooter view={view} total={total} late={found.data.late} fetching={found.isFetching} onView={onView} onRefresh={() => void found.refetch()} />
      {doing && (
        <Suspense>
          <BulkDialog
            action={doing}
            dataset={dataset}
            labels={labels}
            several={first?.multiLabel ?? false}
            total={total}
            query={whereOf(view) ?? ""}
            gold={false}
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
