/** Conflicts one after the other: settle, and the next is there. */

import { Button, Skeleton } from "@mantine/core";
import { IconArrowBackUp, IconChevronLeft, IconChevronRight, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { undoAskAgain } from "@/api/inbox";
import { caseQuery, commentsQuery, decide, takeBack } from "@/api/review";
import { Failed } from "@/app/failed";
import type { DatasetRef } from "@/core/model";
import type { View } from "@/core/view";
import barClasses from "@/record/action-bar.module.css";
import { ActionKey, useAnnotatorSettings } from "@/record/annotator-settings";
import type { LabelSet } from "@/record/use-labels";
import { t } from "@/text/en";
import { reviewText } from "@/text/review";
import { Empty } from "@/ui/empty";
import { printed } from "@/ui/key";

import classes from "./review.module.css";
import { useConflicts } from "./use-conflicts";
import { type Asked, type Made, Verdict } from "./verdict";

const AHEAD = 5;

interface Props {
  readonly dataset: DatasetRef;
  readonly view: View;
  readonly onView: (part: Partial<View>, replace?: boolean) => void;
  readonly labels: LabelSet;
  readonly me: string;
  readonly onSearch: () => void;
  readonly onGuidelines: () => void;
}

export function Conflicts({ dataset, view, onView, labels, me, onSearch, onGuidelines }: Props) {
  const cache = useQueryClient();
  const [first] = useState(view.record);
  const [current, setCurrent] = useState(view.record);
  const { made, steps, keep } = useSteps();
  const [message, setMessage] = useState("");
  const [armed, setArmed] = useState<string | null>(null);
  const { bindings } = useAnnotatorSettings();
  const keyTitle = (key: string | undefined) => (key === undefined ? undefined : t.common.keys(printed(key)));
  const decided = made.filter(isMade);
  const settled = new Set(made.map((each) => each.record.id));
  const queue = useConflicts(dataset, view, first, settled);
  const { records } = queue;
  const found = records.findIndex((each) => each.id === current);
  const at = current === null ? 0 : found >= 0 ? found : records.length ? (queue.complete && current === END ? records.length : 0) : 0;
  const record = records[at];
  const next = records[at + 1];

  useEffect(() => {
    if (at >= records.length - AHEAD) queue.more();
  });

  // the next record is ready before it is needed
  useEffect(() => {
    if (!next) return;
    void cache.prefetchQuery(caseQuery(dataset, next));
    void cache.prefetchQuery(commentsQuery(dataset, next.id));
  }, [cache, dataset, next]);

  // the address follows, so that a reload or a colleague gets to the same record
  useEffect(() => {
    if (record && view.record !== record.id) onView({ record: record.id }, true);
  }, [record, view.record, onView]);

  /** Decisions on their way to the server: known before anything is drawn, as a key may come before that. */
  const sending = useRef<readonly Sent[]>([]);
  const sent = (id: string) => sending.current.find((each) => each.id === id);

  const here = useRef<string>(undefined);
  useEffect(() => {
    here.current = record?.id;
    for (const each of sending.current) each.left ||= each.id !== record?.id;
  });

  function go(to: number) {
    setCurrent(to >= records.length ? END : (records[Math.max(0, to)]?.id ?? null));
    window.scrollTo({ top: 0 });
  }

  /** Steps that are being taken back, one after the other; a further one takes back the step before them. */
  const undoing = useRef(new Set<Made | Asked>());
  const undo = useMutation({
    scope: { id: `undo in ${dataset.workspace}/${dataset.name}` },
    mutationFn: async (last: Made | Asked) => {
      if (!isMade(last)) {
        await undoAskAgain(dataset, last.record.id, last.annotator);
        if (last.before) await decide(dataset, last.record, { ...last.before, version: 0 });
        return last;
      }
      const { before, gold } = last;
      if (before) await decide(dataset, last.record, { ...before, version: gold.version });
      else await takeBack(dataset, last.record.id, gold.version);
      return last;
    },
    onSuccess: async (last) => {
      keep(steps.current.filter((each) => each !== last));
      setCurrent(last.record.id);
      setMessage(reviewText.undone);
      await cache.invalidateQueries({ queryKey: ["settled", dataset.workspace, dataset.name] });
      await cache.resetQueries({ queryKey: caseQuery(dataset, last.record).queryKey });
    },
    onError: (failure) => { setMessage(reviewText.notUndone(failure.message)); },
    onSettled: (_, __, last) => { undoing.current.delete(last); },
  });

  function undoStep(last: Made | Asked) {
    undoing.current.add(last);
    undo.mutate(last);
  }

  function stepBack() {
    const underWay = sending.current.findLast((each) => !each.undone);
    const last = steps.current.findLast((each) => !undoing.current.has(each));
    if (underWay) underWay.undone = true;
    else if (last) undoStep(last);
    else if (!undoing.current.size) setMessage(reviewText.nothingToUndo);
  }

  if (queue.failure && !records.length) return <Failed failure={queue.failure} onRetry={queue.reload} />;
  if (queue.loading) return <Skeleton h={320} role="progressbar" aria-label={t.common.loading} />;
  if (!record) {
    return (
      <Empty title={records.length ? reviewText.finished : reviewText.none}>
        <p>{records.length ? reviewText.finishedIntro(decided.length) : reviewText.noneIntro}</p>
        {made.length > 0 && (
          <Button variant="default" onClick={stepBack} leftSection={<IconArrowBackUp size={16} />}>
            {reviewText.undoLast}
          </Button>
        )}
        <p role="status">{message}</p>
      </Empty>
    );
  }
  return (
    <Verdict
      key={record.id}
      dataset={dataset}
      record={record}
      labels={labels}
      me={me}
      onSay={setMessage}
      armed={armed}
      onArm={setArmed}
      isSending={() => sent(record.id) !== undefined}
      onSend={() => { sending.current = [...sending.current, { id: record.id, undone: false, left: false }]; }}
      onMade={(each) => {
        keep([...steps.current, each]);
        setMessage(each.gold.discarded ? reviewText.savedUnusable : reviewText.saved);
        if (here.current === record.id) go(at + 1);
        if (sent(record.id)?.undone) undoStep(each);
      }}
      onReply={(failure) => {
        const left = sent(record.id)?.left;
        sending.current = sending.current.filter((each) => each.id !== record.id);
        if (failure && left) setMessage(reviewText.notSavedThere(record.id, failure.message));
      }}
      onAsked={(each) => {
        keep([...steps.current, each]);
        go(at + 1);
      }}
      onAction={(action) => {
        if (action === "next") go(at + 1);
        else if (action === "previous") go(at - 1);
        else if (action === "undo") stepBack();
        else if (action === "guidelines") onGuidelines();
        else onSearch();
      }}
      bar={({ save, unusable, saving }) => (
        <div className={barClasses["bar"]}>
          <div className={barClasses["side"]}>
            <Button variant="default" onClick={unusable} disabled={saving} leftSection={<IconTrash size={18} />} rightSection={<ActionKey action="discard" />}>
              {reviewText.unusable}
            </Button>
            <Button variant="subtle" color="gray" disabled={!made.length || saving} onClick={stepBack} leftSection={<IconArrowBackUp size={18} />} rightSection={<ActionKey action="undo" at={1} />}>
              {t.annotate.undo}
            </Button>
          </div>
          <span className={barClasses["note"]} role="status">
            {message}
          </span>
          <div className={barClasses["side"]} data-end>
            <span className={classes["done"]}>{decided.length > 0 && reviewText.done(decided.length)}</span>
            <Button.Group>
              <Button variant="default" px={10} aria-label={reviewText.previous} title={keyTitle(bindings.previous[0])} disabled={at === 0} onClick={() => { go(at - 1); }}>
                <IconChevronLeft size={16} />
              </Button>
              <Button.GroupSection variant="default" className={barClasses["position"] ?? ""}>
                {t.annotate.position(at + 1, queue.total)}
              </Button.GroupSection>
              <Button variant="default" px={10} aria-label={reviewText.next} title={keyTitle(bindings.next[0])} onClick={() => { go(at + 1); }}>
                <IconChevronRight size={16} />
              </Button>
            </Button.Group>
            <Button className={barClasses["submit"] ?? ""} loading={saving} onClick={save} rightSection={<ActionKey action="submit" at={dataset.task === "Text2Text" ? 1 : 0} />}>
              {reviewText.save}
            </Button>
          </div>
        </div>
      )}
    />
  );
}

/** The steps that can be taken back: as drawn, and as they are now, since a key may come before they are drawn. */
function useSteps() {
  const [made, setMade] = useState<readonly (Made | Asked)[]>([]);
  const steps = useRef(made);
  const keep = (next: readonly (Made | Asked)[]) => {
    steps.current = next;
    setMade(next);
  };
  return { made, steps, keep };
}

/** A decision on a record that is on its way to the server; `undone`: it is to be taken back once it has arrived. */
interface Sent {
  readonly id: string;
  undone: boolean;
  /** One went on to another record since: even if one is back, what sent it is gone and shows no failure. */
  left: boolean;
}

const isMade = (step: Made | Asked): step is Made => "gold" in step;

/** Behind the last record. */
const END = "\u0000end";
