/** Records as a list: page by page, with labels and buttons on each, for several or for all that match at once. */

import { ActionIcon, Group, Pagination, Select, Skeleton, Tooltip } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";

import { findRecords, nearest } from "@/api/records";
import { meQuery } from "@/api/session";
import { Failed } from "@/app/failed";
import { isScreenAction, type ScreenAction } from "@/core/keys";
import type { DatasetRef } from "@/core/model";
import { sees } from "@/core/roles";
import { searchBody, SIZES, type View, whereOf } from "@/core/view";
import { NothingFound } from "@/features/annotate/empty-states";
import { RecordCard } from "@/features/annotate/record-card";
import { useActions } from "@/features/annotate/session/use-actions";
import type { AnnotationSession } from "@/features/annotate/session/use-annotation-session";
import { useKeys } from "@/features/annotate/session/use-keys";
import { useAnnotatorSettings } from "@/record/annotator-settings";
import { hasSuggestions } from "@/record/answers";
import record from "@/record/record.module.css";
import { labelAt, type LabelSet } from "@/record/use-labels";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";

import { BulkBar, BulkProgress } from "./bulk-bar";
import type { BulkAction } from "./bulk-dialog";
import { SimilarTo, useNear } from "./similar-to";
import { useBulkJob } from "./use-bulk-job";

const BulkDialog = lazy(() => import("./bulk-dialog"));
const REACH = 10_000;

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
  const { edits, load } = session;
  const { data: me } = useSuspenseQuery(meQuery);
  const { hidden } = useAnnotatorSettings();
  const near = useNear(dataset, view.similar);
  const body = useMemo(() => nearest(searchBody(view), near.data ?? null), [view, near.data]);
  const from = (view.page - 1) * view.size;
  const found = useQuery({
    queryKey: ["records", dataset.workspace, dataset.name, body, from, view.size],
    queryFn: async ({ signal }) => {
      const page = await findRecords(dataset, body, { limit: view.size, from }, signal);
      await load(page.records);
      return { total: page.total, ids: page.records.map((each) => each.id) };
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
  const gold = dataset.individual !== undefined && sees(me, dataset.workspace);
  const current = active !== null && ids?.includes(active) ? active : (ids?.[0] ?? null);
  const selected = ids?.filter((id) => checked.has(id)) ?? [];
  const [said, setSaid] = useState("");
  const clearMessage = useCallback(() => { setSaid(""); }, []);
  const actions = useActions(edits, { overlapping: labels.overlapping, submitOnPick: true, onAnswered: clearMessage, onSay: setSaid });
  const check = useCallback((id: string, on: boolean) => {
    setEverything(null);
    setChecked((before) => {
      const after = new Set(before);
      if (on) after.add(id);
      else after.delete(id);
      return after;
    });
  }, []);

  useEffect(() => { onCurrent(current); }, [current, onCurrent]);

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
      else if (action === "skip") setSaid(t.queue.onlyInQueue);
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
  if (!found.data || !ids) return <Loading />;
  if (!ids.length)
    return (
      <>
        {reference}
        <BulkProgress bulk={bulk} />
        <NothingFound dataset={dataset} view={view} onView={onView} />
      </>
    );
  const total = found.data.total;
  const pages = Math.ceil(Math.min(total, REACH) / view.size);
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
        gold={gold}
        said={said}
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
      <Group justify="space-between" py="sm">
        <Group gap={6}>
          <Select
            size="xs"
            w={90}
            aria-label={t.annotate.perPage}
            data={SIZES.map(String)}
            value={String(view.size)}
            onChange={(size) => { onView({ size: Number(size), page: 1 }); }}
            allowDeselect={false}
          />
          <Tooltip label={annotatingText.find.refresh}>
            <ActionIcon aria-label={annotatingText.find.refresh} loading={found.isFetching} onClick={() => void found.refetch()}>
              <IconRefresh size={16} />
            </ActionIcon>
          </Tooltip>
        </Group>
        <Pagination
          size="sm"
          total={pages}
          value={Math.min(view.page, pages)}
          onChange={(page) => {
            onView({ page });
            window.scrollTo({ top: 0 });
          }}
          getItemProps={(page) => ({ "aria-label": t.annotate.page(page, pages) })}
          getControlProps={(control) => ({
            "aria-label": control === "previous" ? t.annotate.previousPage : t.annotate.nextPage,
          })}
        />
      </Group>
      {doing && (
        <Suspense>
          <BulkDialog
            action={doing}
            dataset={dataset}
            labels={labels}
            several={first?.multiLabel ?? false}
            total={total}
            query={whereOf(view) ?? ""}
            gold={gold}
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

function Loading() {
  return (
    <div role="status" aria-label={t.common.loading}>
      {[1, 2, 3].map((each) => (
        <Skeleton key={each} h={150} mb={8} />
      ))}
    </div>
  );
}
