/** One record at a time: answer, and the next is there. */

import { Button, Skeleton, Switch } from "@mantine/core";
import { IconArrowBackUp, IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useCallback, useEffect, useRef, useState } from "react";

import type { View } from "@/core/view";
import type { DatasetRef } from "@/core/model";
import { t } from "@/text/en";
import { Empty } from "@/ui/empty";
import { Key } from "@/ui/key";

import { hasSuggestions, openSuggestions } from "./answers";
import classes from "./one.module.css";
import { Failed, NothingFound } from "./nothing";
import { RecordCard } from "./record-card";
import { useActions } from "./use-actions";
import { useEdition, useHeld, type Workplace } from "./use-desk";
import { useKeys } from "./use-keys";
import type { LabelSet } from "./use-labels";
import { useQueue } from "./use-queue";

interface Props {
  readonly dataset: DatasetRef;
  readonly view: View;
  readonly onView: (part: Partial<View>, replace?: boolean) => void;
  readonly workplace: Workplace;
  readonly labels: LabelSet;
  readonly armed: string | null;
  readonly goOn: boolean;
  readonly onGoOn: (goOn: boolean) => void;
  readonly onScreen: (action: "search" | "help" | "sidebar") => void;
  readonly onCurrent: (id: string | null) => void;
}

const END = "\u0000end";

export function One({ dataset, view, onView, workplace, labels, armed, goOn, onGoOn, onScreen, onCurrent }: Props) {
  const { desk } = workplace;
  const [wanted, setWanted] = useState<string | null>(view.record);
  const place = useCallback(
    (ids: readonly string[]) => (wanted === END ? ids.length : wanted === null ? 0 : Math.max(0, ids.indexOf(wanted))),
    [wanted],
  );
  const queue = useQueue(dataset, view, workplace, place);
  const at = place(queue.ids);
  const id = queue.ids[at] ?? null;
  const held = useHeld(desk, id ?? "");
  useEdition(desk);
  const [settled, setSettled] = useState(0);
  const [said, setSaid] = useState("");

  const go = useCallback(
    (to: number) => {
      const next = to >= queue.ids.length ? END : (queue.ids[Math.max(0, to)] ?? null);
      setWanted(next);
      window.scrollTo({ top: 0 });
    },
    [queue.ids],
  );

  // the address follows, so that a reload or a colleague gets to the same record
  const told = useRef<string | null>(view.record);
  useEffect(() => {
    onCurrent(id);
    if (!id || told.current === id) return;
    told.current = id;
    onView({ record: id }, true);
  }, [id, onView, onCurrent]);

  // another search starts at its first record; a link to a record, or Back, leads to that one
  useEffect(() => {
    if (view.record === told.current) return;
    told.current = view.record;
    setWanted(view.record);
  }, [view.record]);

  const actions = useActions(desk, {
    overlapping: labels.overlapping,
    settleOnPick: goOn,
    onSettled: (ids) => {
      setSettled((before) => before + 1);
      const state = ids[0] === undefined ? undefined : desk.get(ids[0])?.now.state;
      setSaid(state === "discarded" ? t.annotate.discarded : t.annotate.submitted);
      go(at + 1);
    },
    onSay: setSaid,
  });

  function stepBack(ids: string[]) {
    const back = ids[0];
    setSaid(back === undefined ? t.annotate.nothingToUndo : t.annotate.undone);
    if (back !== undefined && queue.ids.includes(back)) setWanted(back);
  }

  useKeys(
    (action) => {
      if (action === "undo") stepBack(desk.undo());
      else if (action === "redo") stepBack(desk.redo());
      else if (action === "next") go(at + 1);
      else if (action === "previous") go(at - 1);
      else if (action === "find-label") document.querySelector<HTMLElement>("[data-find-label] input, input[data-find-label]")?.focus();
      else if (action === "search" || action === "help" || action === "sidebar") onScreen(action);
      else if (id) actions[action](id);
    },
    (index) => {
      const label = held ? labels.with([...(held.now.value.labels ?? []), ...held.record.suggestions.flatMap((s) => s.labels.map((l) => l.label))])[index] : undefined;
      if (id && label && dataset.task === "TextClassification") actions.pickLabel(id, label.name);
    },
  );

  if (queue.failure && !queue.ids.length) return <Failed failure={queue.failure} onRetry={queue.reload} />;
  if (queue.loading) return <Skeleton h={320} aria-label={t.common.loading} />;
  if (!queue.ids.length) return <NothingFound dataset={dataset} view={view} onView={onView} />;

  const open = held && dataset.task === "TokenClassification" ? openSuggestions(held).length : 0;
  return (
    <>
      {id ? (
        <RecordCard key={id} desk={desk} id={id} labels={labels} active roomy armed={armed} actions={actions} />
      ) : queue.complete ? (
        <Empty title={t.annotate.finished}>
          <p>{t.annotate.finishedIntro(settled)}</p>
          <Button variant="default" onClick={() => { setWanted(null); queue.reload(); }}>
            {t.annotate.reload}
          </Button>
        </Empty>
      ) : queue.failure ? (
        <Failed failure={queue.failure} onRetry={queue.reload} />
      ) : (
        <Skeleton h={320} aria-label={t.common.loading} />
      )}
      <div className={classes["bar"]}>
        <div className={classes["side"]}>
          <Button variant="default" disabled={!id} onClick={() => { if (id) actions.discard(id); }} rightSection={<Key of="d" />}>
            {t.annotate.discard}
          </Button>
          <Button variant="subtle" color="gray" disabled={!desk.canUndo()} onClick={() => { stepBack(desk.undo()); }} leftSection={<IconArrowBackUp size={16} />} rightSection={<Key of="u" />}>
            {t.annotate.undo}
          </Button>
          {held && hasSuggestions(held.record) && held.now.state !== "submitted" && (
            <Button variant="subtle" color="gray" onClick={() => { actions.accept(held.record.id); }} rightSection={<Key of="a" />}>
              {dataset.task === "TokenClassification" ? t.annotate.acceptAll : t.annotate.accept}
            </Button>
          )}
        </div>
        <span className={classes["note"]}>
          <span role="status">{said}</span>
          {open > 0 && <span> {t.annotate.openPredictions(open)}</span>}
        </span>
        <div className={classes["side"]}>
          {dataset.task === "TextClassification" && held && !held.record.multiLabel && (
            <Switch size="sm" label={t.annotate.goOn} checked={goOn} onChange={(event) => { onGoOn(event.currentTarget.checked); }} />
          )}
          <Button.Group>
            <Button variant="default" px={10} aria-label={t.annotate.previous} title={t.common.keys("P")} disabled={at === 0} onClick={() => { go(at - 1); }}>
              <IconChevronLeft size={16} />
            </Button>
            <Button.GroupSection variant="default" className={classes["position"] ?? ""}>
              {t.annotate.position(Math.min(at + 1, queue.total), queue.total)}
            </Button.GroupSection>
            <Button variant="default" px={10} aria-label={t.annotate.next} title={t.common.keys("N")} disabled={!id} onClick={() => { go(at + 1); }}>
              <IconChevronRight size={16} />
            </Button>
          </Button.Group>
          <Button disabled={!id} onClick={() => { if (id) actions.submit(id); }} rightSection={<Key of={dataset.task === "Text2Text" ? "Mod+Enter" : "Enter"} />}>
            {t.annotate.submit}
          </Button>
        </div>
      </div>
    </>
  );
}
