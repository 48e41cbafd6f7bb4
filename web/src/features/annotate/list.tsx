/** Records as a list: page by page, with labels and buttons on each, and for several at once. */

import { Button, Checkbox, Group, Pagination, Popover, Select, Skeleton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";

import { findRecords } from "@/api/records";
import { isScreenAction, type ScreenAction } from "@/core/keys";
import type { DatasetRef } from "@/core/model";
import { searchBody, SIZES, type View } from "@/core/view";
import { t } from "@/text/en";

import { LabelPopup } from "./label-popup";
import { Failed, NothingFound } from "./nothing";
import { RecordCard } from "./record-card";
import classes from "./list.module.css";
import record from "./record.module.css";
import { useActions } from "./use-actions";
import type { Workplace } from "./use-desk";
import { useKeys } from "./use-keys";
import type { LabelSet } from "./use-labels";

const REACH = 10_000;

interface Props {
  readonly dataset: DatasetRef;
  readonly view: View;
  readonly onView: (part: Partial<View>, replace?: boolean) => void;
  readonly workplace: Workplace;
  readonly labels: LabelSet;
  readonly armed: string | null;
  readonly onScreen: (action: ScreenAction) => void;
  readonly onCurrent: (id: string | null) => void;
}

export function List({ dataset, view, onView, workplace, labels, armed, onScreen, onCurrent }: Props) {
  const { desk, layDown } = workplace;
  const body = useMemo(() => searchBody(view), [view]);
  const from = (view.page - 1) * view.size;
  const found = useQuery({
    queryKey: ["records", dataset.workspace, dataset.name, body, from, view.size],
    queryFn: async ({ signal }) => {
      const page = await findRecords(dataset, body, { limit: view.size, from }, signal);
      await layDown(page.records);
      return { total: page.total, ids: page.records.map((each) => each.id) };
    },
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
  });
  const ids = found.data?.ids;
  const [active, setActive] = useState<string | null>(null);
  const [checked, setChecked] = useState<ReadonlySet<string>>(new Set());
  const current = active !== null && ids?.includes(active) ? active : (ids?.[0] ?? null);
  const selected = ids?.filter((id) => checked.has(id)) ?? [];
  const [said, setSaid] = useState("");
  const settled = useCallback(() => { setSaid(""); }, []);
  const actions = useActions(desk, { overlapping: labels.overlapping, settleOnPick: true, onSettled: settled, onSay: setSaid });
  const check = useCallback((id: string, on: boolean) => {
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
    if (next !== undefined) setActive(next);
  };

  useKeys(
    (action) => {
      const targets = selected.length ? selected : current ? [current] : [];
      if (action === "undo") desk.undo();
      else if (action === "redo") desk.redo();
      else if (action === "next") move(1);
      else if (action === "previous") move(-1);
      else if (action === "find-label") document.querySelector<HTMLElement>("input[data-find-label]")?.focus();
      else if (isScreenAction(action)) onScreen(action);
      else if (action === "skip") setSaid(t.queue.onlyInQueue);
      else if (action === "submit" || action === "discard") {
        actions.settleAll(targets, action === "submit" ? "submitted" : "discarded");
        if (!selected.length) move(1);
      } else targets.forEach((id) => { actions[action](id); });
    },
    (index) => {
      const label = labels.options[index];
      if (!label || dataset.task !== "TextClassification") return;
      if (selected.length) actions.labelAll(selected, label.name);
      else if (current) actions.pickLabel(current, label.name);
    },
  );

  if (found.isError) return <Failed failure={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data || !ids) return <Loading />;
  if (!ids.length) return <NothingFound dataset={dataset} view={view} onView={onView} />;
  const total = found.data.total;
  const pages = Math.ceil(Math.min(total, REACH) / view.size);
  return (
    <>
      <div className={classes["bulk"]} role="group" aria-label={t.annotate.selected(selected.length)}>
        <Checkbox
          size="sm"
          aria-label={t.annotate.selectAll}
          checked={selected.length === ids.length}
          indeterminate={selected.length > 0 && selected.length < ids.length}
          onChange={(event) => { setChecked(new Set(event.currentTarget.checked ? ids : [])); }}
        />
        <span className={classes["count"]} role="status">
          {selected.length ? t.annotate.selected(selected.length) : t.annotate.matches(total)}
        </span>
        {said && (
          <span className={classes["said"]} role="alert">
            {said}
          </span>
        )}
        {selected.length > 0 && (
          <Group gap={6}>
            {dataset.task === "TextClassification" && <BulkLabel labels={labels} onPick={(label) => { actions.labelAll(selected, label); }} />}
            <Button size="compact-sm" onClick={() => { actions.settleAll(selected, "submitted"); }}>
              {t.annotate.submit}
            </Button>
            <Button size="compact-sm" variant="default" onClick={() => { actions.settleAll(selected, "discarded"); }}>
              {t.annotate.discard}
            </Button>
          </Group>
        )}
        <Button size="compact-sm" variant="subtle" color="gray" ml="auto" onClick={() => { desk.undo(); }}>
          {t.annotate.undo}
        </Button>
      </div>
      <div className={record["list"]} aria-busy={found.isPlaceholderData}>
        {ids.map((id) => (
          <RecordCard
            key={id}
            desk={desk}
            id={id}
            labels={labels}
            active={id === current}
            roomy={false}
            armed={armed}
            actions={actions}
            checked={checked.has(id)}
            onCheck={check}
            onActivate={setActive}
          />
        ))}
      </div>
      <Group justify="space-between" py="sm">
        <Select
          size="xs"
          w={90}
          aria-label={t.annotate.perPage}
          data={SIZES.map(String)}
          value={String(view.size)}
          onChange={(size) => { onView({ size: Number(size), page: 1 }); }}
          allowDeselect={false}
        />
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
    </>
  );
}

function BulkLabel({ labels, onPick }: { labels: LabelSet; onPick: (label: string) => void }) {
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" offset={0} trapFocus={false}>
      <Popover.Target>
        <Button size="compact-sm" variant="default" onClick={() => { setOpen(!open); }}>
          {t.annotate.labelSelected}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0} w={0} h={0} bd={0}>
        <LabelPopup
          title={t.annotate.labelSelected}
          labels={labels.options}
          current={null}
          box={{ left: 0, top: 0 }}
          onPick={(label) => {
            setOpen(false);
            onPick(label);
          }}
          onRemove={null}
          onClose={() => { setOpen(false); }}
        />
      </Popover.Dropdown>
    </Popover>
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
