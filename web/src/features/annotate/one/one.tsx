/** One record at a time: answer, and the next is there. */

import { Button, Skeleton } from "@mantine/core";
import { Suspense, useCallback, useDeferredValue, useState } from "react";

import { Failed } from "@/app/failed";
import { useOutboxPart } from "@/app/outbox-provider";
import { frontAt } from "@/core/front-record";
import type { ScreenAction } from "@/core/keys";
import type { DatasetRef } from "@/core/model";
import type { View } from "@/core/view";
import classes from "@/features/annotate/dataset-page.module.css";
import { NextWork, NotCounted, NothingAssigned, NothingFound, Skip } from "@/features/annotate/panels";
import { RecordCard } from "@/features/annotate/record-card";
import { useActions } from "@/features/annotate/session/use-actions";
import { useEdition, useRecordEdit, type AnnotationSession } from "@/features/annotate/session/use-annotation-session";
import { useAnnotatorSettings } from "@/record/annotator-settings";
import { hasSuggestions, openSuggestions } from "@/record/answers";
import type { LabelSet } from "@/record/use-labels";
import { codesText } from "@/text/codes";
import { t } from "@/text/en";
import { Empty } from "@/ui/empty";

import { OneBar } from "./one-bar";
import { QueueProgress } from "./queue-progress";
import { useAddress } from "./use-address";
import { type Claims, useClaims } from "./use-claims";
import { useOneKeys } from "./use-one-keys";
import { type Place, usePlace } from "./use-place";
import { type Queue, useQueue } from "./use-queue";
import { useReadOut } from "./use-read-out";
import { useSkip } from "./use-skip";
import { useUndo } from "./use-undo";

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
  readonly onFlag?: () => void;
}

/** Everything that matches the view. */
export function OneFound(props: OneProps) {
  const place = usePlace(props.view.record);
  const queue = useQueue(props.dataset, props.view, props.session, place.of);
  return <One {...props} place={place} queue={queue} claims={null} />;
}

/** Records that were assigned to me. */
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

function One({ dataset, view, onView, session, labels, armed, goOn, onScreen, onCurrent, onFlag, place, queue, claims }: Props) {
  const { edits } = session;
  const { ids } = queue;
  const { hidden } = useAnnotatorSettings();
  const at = place.of(ids);
  const { set: setFront } = place;
  const id = ids[at] ?? null;
  const next = useDeferredValue(ids[at + 1]);
  const edit = useRecordEdit(edits, id ?? "");
  useEdition(edits);
  const [answered, setAnswered] = useState(0);
  const [shown, setShown] = useState({ message: "", at: 0 });
  // what was said was about what stood there before the next change
  const message = shown.at === edits.changes() ? shown.message : "";
  const setMessage = useCallback((words: string) => { setShown({ message: words, at: edits.changes() }); }, [edits]);
  const noted = useOutboxPart("noted");
  const position = claims ? t.annotate.left(claims.left) : t.annotate.position(Math.min(at + 1, queue.total), queue.total);

  const go = useCallback(
    (to: number) => {
      setFront(frontAt(ids, to));
      window.scrollTo({ top: 0 });
    },
    [ids, setFront],
  );
  const actions = useActions(edits, {
    overlapping: labels.overlapping,
    submitOnPick: goOn,
    onAnswered: (done) => {
      setAnswered((before) => before + 1);
      const state = done[0] === undefined ? undefined : edits.get(done[0])?.now.state;
      setMessage(state === "discarded" ? t.annotate.discarded : t.annotate.submitted);
      go(at + 1);
    },
    onSay: setMessage,
  });
  const { undo, redo } = useUndo({ dataset, session, ids, claims, setFront, onView, onSay: setMessage });
  const skipping = useSkip({ ids, at, claims, setFront, onSay: setMessage });
  const onGo = (step: 1 | -1) => {
    setMessage(""); // what was said was about another record
    go(at + step);
  };
  useAddress({ id, view, named: !claims, stopwatch: session.stopwatch, setFront, onView, onCurrent });
  useOneKeys({ edit, labels, actions, onUndo: undo, onRedo: redo, onSkip: skipping.ask, onGo, onScreen });
  const spoken = useReadOut(edit, position);

  if (queue.failure && !ids.length) return <Failed failure={queue.failure} view={view} onView={onView} onRetry={queue.reload} />;
  // a record that's seen takes answers: its keys must mean their labels
  if (queue.loading || labels.pending) return <Skeleton h={320} role="progressbar" aria-label={t.common.loading} />;
  if (!ids.length && claims) {
    return (
      <Suspense>
        <NothingAssigned why={claims.why} view={view} onView={onView} onReload={queue.reload}><NextWork dataset={dataset} /></NothingAssigned>
      </Suspense>
    );
  }
  if (!ids.length) return <Suspense><NothingFound dataset={dataset} view={view} onView={onView} /></Suspense>;

  const open = !hidden && edit && dataset.task === "TokenClassification" ? openSuggestions(edit).length : 0;
  // two fields to write in are one too many for whoever looks for the field
  const ahead = next === undefined || next === id || dataset.task === "Text2Text" ? [] : [next];
  const predicted = edit !== undefined && hasSuggestions(edit.record);
  return (
    <>
      {claims && <QueueProgress dataset={dataset} left={claims.left} />}
      {noted && (
        <Suspense>
          <NotCounted noted={noted} />
        </Suspense>
      )}
      {id && claims?.lost.has(id) && (
        <p role="alert" className={classes["lost"]}>
          {t.queue.lost}
        </p>
      )}
      {spoken}
      {id ? (
        // the next one is drawn and laid out behind while there is time, so that it is there at once
        [id, ...ahead].map((each) => (
          <div key={each} className={classes[each === id ? "front" : "behind"]} inert={each !== id}>
            <RecordCard edits={edits} id={each} labels={labels} active={each === id} roomy armed={armed} actions={actions} />
          </div>
        ))
      ) : queue.complete ? (
        <Finished dataset={dataset} answered={answered} claims={claims} onReload={() => { setFront(null); queue.reload(); }} />
      ) : queue.failure ? (
        <Failed failure={queue.failure} onRetry={queue.reload} />
      ) : (
        <Skeleton h={320} role="progressbar" aria-label={t.common.loading} />
      )}
      <OneBar
        id={edit ? id : null}
        actions={actions}
        predicted={predicted && edit?.now.state !== "submitted"}
        open={dataset.task === "TokenClassification" ? open : null}
        writing={dataset.task === "Text2Text"}
        mayUndo={edits.canUndo() || claims !== null || dataset.individual !== undefined}
        message={message}
        position={position}
        first={at === 0}
        onUndo={undo}
        onSkip={claims && skipping.ask}
        onFlag={onFlag}
        onShow={() => { onScreen("predictions"); }}
        onGo={onGo}
      />
      {skipping.asking && (
        <Suspense>
          <Skip onSkip={(reason) => void skipping.skip(reason)} onClose={skipping.cancel} />
        </Suspense>
      )}
    </>
  );
}

interface FinishedProps {
  readonly dataset: DatasetRef;
  readonly answered: number;
  readonly claims: Claims | null;
  readonly onReload: () => void;
}

function Finished({ dataset, answered, claims, onReload }: FinishedProps) {
  return (
    <Empty title={claims ? (claims.passed ? t.queue.passed(claims.passed) : t.queue.finished) : t.annotate.finished}>
      <p>{t.annotate.finishedIntro(answered)}</p>
      {claims?.why && <p>{codesText.whyEmpty[claims.why]}</p>}
      {claims && <Suspense><NextWork dataset={dataset} /></Suspense>}
      <Button variant="default" onClick={onReload}>
        {t.annotate.reload}
      </Button>
    </Empty>
  );
}
