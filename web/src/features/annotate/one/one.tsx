/** One record at a time: answer, and the next is there. */

import { Alert, Button, Skeleton } from "@mantine/core";
import { Activity, lazy, startTransition, Suspense, useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";

import { findRecord } from "@/api/records";
import { lastDone } from "@/api/work";
import { Failed } from "@/app/failed";
import { useOutboxPart } from "@/app/outbox-provider";
import { isScreenAction, type ScreenAction } from "@/core/keys";
import type { DatasetRef } from "@/core/model";
import type { View } from "@/core/view";
import { NothingAssigned, NothingFound } from "@/features/annotate/empty-states";
import { RecordCard } from "@/features/annotate/record-card";
import { useActions } from "@/features/annotate/session/use-actions";
import { useEdition, useRecordEdit, type AnnotationSession } from "@/features/annotate/session/use-annotation-session";
import { useKeys } from "@/features/annotate/session/use-keys";
import { NotCounted } from "@/features/annotate/side/feedback";
import { useAnnotatorSettings } from "@/record/annotator-settings";
import { hasSuggestions, openSuggestions } from "@/record/answers";
import { labelAt, type LabelSet } from "@/record/use-labels";
import { annotatingText } from "@/text/annotating";
import { whyEmpty } from "@/text/codes";
import { t } from "@/text/en";
import { Empty } from "@/ui/empty";
import { useSpoken } from "@/ui/spoken";

import { NextWork } from "./next-work";
import { OneBar } from "./one-bar";
import { type Claims, useClaims } from "./use-claims";
import { type Queue, useQueue } from "./use-queue";

/** So much of a text is read out when its record comes in front. */
const READ_OUT = 300;
const Skip = lazy(() => import("./skip"));

export interface OneProps {
  readonly dataset: DatasetRef;
  readonly view: View;
  readonly onView: (part: Partial<View>, replace?: boolean) => void;
  readonly session: AnnotationSession;
  readonly labels: LabelSet;
  readonly armed: string | null;
  readonly goOn: boolean;
  readonly onScreen: (action: ScreenAction) => void;
  readonly onCurrent: (id: string | null) => void;
}

/**
 * Which record is in front: the one named, the first, or the one after the last one there was. What is read
 * meanwhile comes there, so whoever is faster than the server goes on where they are.
 */
type Wanted = string | null | { readonly after: string };

interface Place {
  readonly set: (to: Wanted) => void;
  readonly of: (ids: readonly string[]) => number;
}

function usePlace(first: string | null): Place {
  const [wanted, set] = useState<Wanted>(first);
  const of = useCallback(
    (ids: readonly string[]) => {
      if (typeof wanted === "string" || wanted === null) return wanted === null ? 0 : Math.max(0, ids.indexOf(wanted));
      const at = ids.indexOf(wanted.after);
      return at < 0 ? ids.length : at + 1;
    },
    [wanted],
  );
  return useMemo(() => ({ set, of }), [of]);
}

/** Everything that matches the view. */
export function OneFound(props: OneProps) {
  const place = usePlace(props.view.record);
  const queue = useQueue(props.dataset, props.view, props.session, place.of);
  return <One {...props} place={place} queue={queue} claims={null} />;
}

/** What was assigned to me. */
export function OneClaimed(props: OneProps) {
  const place = usePlace(null);
  const claims = useClaims(props.dataset, props.view, props.session, place.of);
  return <One {...props} place={place} queue={claims} claims={claims} />;
}

interface Props extends OneProps {
  readonly place: Place;
  readonly queue: Queue;
  readonly claims: Claims | null;
}

function One({ dataset, view, onView, session, labels, armed, goOn, onScreen, onCurrent, place, queue, claims }: Props) {
  const { edits } = session;
  const { hidden } = useAnnotatorSettings();
  const at = place.of(queue.ids);
  const { set: setWanted } = place;
  const id = queue.ids[at] ?? null;
  const edit = useRecordEdit(edits, id ?? "");
  useEdition(edits);
  const [answered, setAnswered] = useState(0);
  const [said, setSaid] = useState("");
  const [skipping, setSkipping] = useState(false);
  const noted = useOutboxPart("noted");
  const showsRecord = !claims;

  const go = useCallback(
    (to: number) => {
      const last = queue.ids.at(-1);
      setWanted(to >= queue.ids.length && last !== undefined ? { after: last } : (queue.ids[Math.max(0, to)] ?? null));
      window.scrollTo({ top: 0 });
    },
    [queue.ids, setWanted],
  );

  // the address follows, so that a reload or a colleague gets to the same record
  const reported = useRef<string | null>(view.record);
  useEffect(() => {
    // the next record is painted first; what stands around it follows
    startTransition(() => { onCurrent(id); });
    session.stopwatch.front(id);
    if (!showsRecord || !id || reported.current === id) return;
    reported.current = id;
    startTransition(() => { onView({ record: id }, true); });
  }, [id, onView, onCurrent, showsRecord, session]);

  const position = claims ? t.annotate.left(claims.left) : t.annotate.position(Math.min(at + 1, queue.total), queue.total);
  const { say, place: spoken } = useSpoken();
  const text = edit?.record.fields[0]?.text;
  const onFront = useEffectEvent((words: string) => { say(annotatingText.record.inFront(position, words.slice(0, READ_OUT))); });
  useEffect(() => {
    if (id !== null && text !== undefined) onFront(text);
  }, [id, text]);

  // another search starts at its first record; a link to a record, or Back, leads to that one
  useEffect(() => {
    if (view.record === reported.current) return;
    reported.current = view.record;
    setWanted(view.record);
  }, [view.record, setWanted]);

  const actions = useActions(edits, {
    overlapping: labels.overlapping,
    submitOnPick: goOn,
    onAnswered: (ids) => {
      setAnswered((before) => before + 1);
      const state = ids[0] === undefined ? undefined : edits.get(ids[0])?.now.state;
      setSaid(state === "discarded" ? t.annotate.discarded : t.annotate.submitted);
      go(at + 1);
    },
    onSay: setSaid,
  });

  /** The last step of this visit; before that, one's last answer on any device. */
  async function undo() {
    const back = (await claims?.undoSkip()) ?? edits.undo()[0] ?? (await undoBefore(dataset, session, queue.ids, claims));
    setSaid(back === null ? t.annotate.nothingToUndo : t.annotate.undone);
    if (back !== null && (claims || queue.ids.includes(back))) setWanted(back);
    else if (back !== null) onView({ record: back });
  }

  function redo() {
    const back = edits.redo()[0];
    if (back !== undefined && queue.ids.includes(back)) setWanted(back);
  }

  const stepBack = () => void undo().catch((failure: unknown) => { setSaid(failure instanceof Error ? failure.message : String(failure)); });

  async function skip(reason: string | null) {
    setSkipping(false);
    if (!claims || !id) return;
    const [before, next] = [queue.ids[at - 1], queue.ids[at + 1]];
    setWanted(next ?? (before === undefined ? null : { after: before })); // the one skipped will be gone
    try {
      setSaid(t.queue.skippedTo[await claims.skip(id, reason)]);
    } catch (failure) {
      setWanted(id);
      setSaid(failure instanceof Error ? failure.message : String(failure));
    }
  }

  useKeys(
    (action) => {
      if (action === "undo") stepBack();
      else if (action === "redo") redo();
      else if (action === "next") go(at + 1);
      else if (action === "previous") go(at - 1);
      else if (action === "find-label") document.querySelector<HTMLElement>("[data-find-label] input, input[data-find-label]")?.focus();
      else if (isScreenAction(action)) onScreen(action);
      else if (action === "accept" && hidden) onScreen("predictions");
      else if (action === "skip") setSkipping(claims !== null && id !== null);
      else if (id) actions[action](id);
    },
    (key) => {
      if (!id || !edit || dataset.task !== "TextClassification") return false;
      const { record, now } = edit;
      const label = labelAt(labels.with([...(now.value.labels ?? []), ...record.suggestions.flatMap((s) => s.labels.map((l) => l.label))]), key);
      if (label) actions.pickLabel(id, label.name);
      return label !== undefined;
    },
  );

  if (queue.failure && !queue.ids.length) return <Failed failure={queue.failure} view={view} onView={onView} onRetry={queue.reload} />;
  if (queue.loading) return <Skeleton h={320} aria-label={t.common.loading} />;
  if (!queue.ids.length && claims) return <NothingAssigned why={claims.why} view={view} onView={onView} onReload={queue.reload}><NextWork dataset={dataset} /></NothingAssigned>;
  if (!queue.ids.length) return <NothingFound dataset={dataset} view={view} onView={onView} />;

  const open = !hidden && edit && dataset.task === "TokenClassification" ? openSuggestions(edit).length : 0;
  const next = queue.ids[at + 1];
  // a field to write in measures itself, which it cannot out of sight
  const ahead = next === undefined || dataset.task === "Text2Text" ? [] : [next];
  const predicted = edit !== undefined && hasSuggestions(edit.record);
  return (
    <>
      {noted && <NotCounted noted={noted} />}
      {id && claims?.lost.has(id) && (
        <Alert color="yellow" variant="light" role="alert" mb="sm">
          {t.queue.lost}
        </Alert>
      )}
      {spoken}
      {id ? (
        // the next one is drawn out of sight while there is time, so that it is there at once
        [id, ...ahead].map((each) => (
          <Activity key={each} mode={each === id ? "visible" : "hidden"}>
            <RecordCard edits={edits} id={each} labels={labels} active={each === id} roomy armed={armed} actions={actions} />
          </Activity>
        ))
      ) : queue.complete ? (
        <Empty title={claims ? (claims.passed ? t.queue.passed(claims.passed) : t.queue.finished) : t.annotate.finished}>
          <p>{t.annotate.finishedIntro(answered)}</p>
          {claims?.why && <p>{whyEmpty[claims.why]}</p>}
          {claims && <NextWork dataset={dataset} />}
          <Button variant="default" onClick={() => { setWanted(null); queue.reload(); }}>
            {t.annotate.reload}
          </Button>
        </Empty>
      ) : queue.failure ? (
        <Failed failure={queue.failure} onRetry={queue.reload} />
      ) : (
        <Skeleton h={320} aria-label={t.common.loading} />
      )}
      <OneBar
        id={edit ? id : null}
        actions={actions}
        predicted={predicted && edit?.now.state !== "submitted"}
        open={dataset.task === "TokenClassification" ? open : null}
        writing={dataset.task === "Text2Text"}
        mayUndo={edits.canUndo() || claims !== null || dataset.individual !== undefined}
        said={said}
        position={position}
        first={at === 0}
        onUndo={stepBack}
        onSkip={claims ? () => { setSkipping(true); } : null}
        onShow={() => { onScreen("predictions"); }}
        onGo={(step) => { go(at + step); }}
      />
      {skipping && (
        <Suspense>
          <Skip onSkip={(reason) => void skip(reason)} onClose={() => { setSkipping(false); }} />
        </Suspense>
      )}
    </>
  );
}

/** Takes back the last answer or skip that was not given on this page; the record it was about, or null. */
async function undoBefore(dataset: DatasetRef, session: AnnotationSession, ids: readonly string[], claims: Claims | null): Promise<string | null> {
  if (!dataset.individual && !claims) return null;
  const last = await lastDone(dataset);
  if (last === null || (last.skipped ? !claims : !dataset.individual)) return null;
  const { id } = last;
  if (last.skipped) await claims?.takeBack(id);
  const record = await findRecord(dataset, id);
  if (!record) return null;
  if (claims) await claims.bring(record);
  else if (!ids.includes(id)) await session.load([record]);
  if (!last.skipped) await session.undoSaved(id);
  return id;
}
