/** One record to settle: what everybody says, what is decided, and why. */

import { Button, Skeleton, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";

import { ApiError } from "@/api/client";
import { progressKey } from "@/api/datasets";
import { failureOf } from "@/api/failure";
import { type Case, caseQuery, decide, type Decision, storedGold } from "@/api/review";
import { Failed } from "@/app/failed";
import { sessionEnded } from "@/app/query-client";
import { labelNumber } from "@/core/keys";
import type { AppRecord, DatasetRef, Value } from "@/core/model";
import { putSpan } from "@/core/spans";
import { toggleLabel } from "@/record/answers";
import { Legend } from "@/record/legend";
import { MarkedText } from "@/record/marked-text";
import { RecordImage } from "@/record/record-image";
import { TextClassification } from "@/record/text-classification";
import TextToText from "@/record/text-to-text";
import { TokenClassification } from "@/record/token-classification";
import { labelAt, type LabelSet } from "@/record/use-labels";
import { t } from "@/text/en";
import { reviewText } from "@/text/review";
import { percentOf } from "@/text/format";
import { inboxText } from "@/text/inbox";
import { Key } from "@/ui/key";
import { Ago } from "@/ui/time";

import { AnswerCard } from "./answer-card";
import { AskAgain } from "./ask-again";
import { Comments } from "./comments";
import { letters } from "./compare";
import { agrees, baseOf, canSave, type DecisionDraft, inLetterOrder, inWords } from "./decision-draft";
import { Help } from "./help";
import { type ReviewAction, useReviewKeys } from "./keys";
import { ReviewKey } from "./review-key";
import classes from "./review.module.css";
import { useDecision } from "./use-decision";
import { useReasons } from "./use-reasons";

/** A decision just made, with the one before it. */
export interface Made {
  readonly record: AppRecord;
  readonly before: Decision | null;
  readonly gold: Decision;
}

/** Somebody was asked again; a decision that stood before is gone by that. */
export interface Asked {
  readonly record: AppRecord;
  readonly annotator: string;
  readonly before: Decision | null;
}

export interface VerdictProps {
  readonly dataset: DatasetRef;
  readonly record: AppRecord;
  readonly labels: LabelSet;
  readonly me: string;
  /** Is a decision on this record on its way to the server? It may have been sent before one went on and came back. */
  readonly isSending: () => boolean;
  readonly onSend: () => void;
  readonly onMade: (made: Made) => void;
  readonly onReply: (failure: Error | null) => void;
  readonly onAsked: (asked: Asked) => void;
  readonly onAction: (action: "guidelines" | "next" | "previous" | "undo" | "search") => void;
  readonly onSay: (message: string) => void;
  /** A label that every selection gets at once, from record to record. */
  readonly armed: string | null;
  readonly onArm: (label: string | null) => void;
  /** Bar under the record, given what saves and discards it. */
  readonly bar: (controls: { save: () => void; unusable: () => void; saving: boolean }) => React.ReactNode;
}

export function Verdict(props: VerdictProps) {
  const { dataset, record } = props;
  const found = useQuery(caseQuery(dataset, record));
  const failure = failureOf(found);
  if (failure) return <Failed failure={failure} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton h={320} role="progressbar" aria-label={t.common.loading} />;
  return <Deciding {...props} found={found.data} />;
}

function Deciding({ dataset, record, labels, me, found, isSending, onSend, onMade, onReply, onAsked, onAction, onSay, armed, onArm, bar }: VerdictProps & { found: Case }) {
  const cache = useQueryClient();
  const { gold } = found;
  const { draft, reason, change: begin, forget } = useDecision(dataset, record, found);
  const [names, setNames] = useState(false);
  const [editing, setEditing] = useState(false);
  const [plain, setPlain] = useState(false);
  const [asking, setAsking] = useState<string | null>(null);
  const [help, setHelp] = useState(false);
  const [stored, setStored] = useState<Decision | null>(null);
  const reasons = useReasons();
  const reasonField = useRef<HTMLInputElement>(null);
  const commentField = useRef<HTMLInputElement>(null);

  const byPerson = useMemo(() => letters(record.id, found.answers.map((each) => each.annotator)), [record.id, found.answers]);
  const answers = useMemo(() => inLetterOrder(found.answers, byPerson), [found.answers, byPerson]);
  const nameOf = (person: string) => (names || person === me ? person : (byPerson.get(person) ?? reviewText.somebody));
  const base = baseOf(answers, draft);

  const quiet = useMemo(() => ({ ...record, suggestions: [], answer: { value: {}, state: "none" as const } }), [record]);
  const edit = useMemo(() => {
    const now = { value: draft.value, state: "draft" as const };
    return { record: quiet, now, saved: now };
  }, [quiet, draft.value]);

  const saving = useMutation({
    mutationFn: (sent: { draft: DecisionDraft; version: number }) =>
      decide(dataset, record, { ...sent.draft, reason: reason.trim() || null, version: sent.version }),
    onSuccess: (made) => {
      cache.setQueryData(caseQuery(dataset, record).queryKey, { ...found, gold: made });
      void cache.invalidateQueries({ queryKey: progressKey(dataset) });
      void cache.invalidateQueries({ queryKey: ["settled", dataset.workspace, dataset.name] });
      forget();
      if (reason.trim()) reasons.remember(reason.trim());
      if (made) onMade({ record, before: stored ?? gold, gold: made });
    },
    onError: (failure) => {
      if (!(failure instanceof ApiError)) return;
      if (failure.status === 401) sessionEnded();
      if (failure.status === 409) setStored(storedGold(failure.params, record));
    },
    onSettled: (_, failure) => { onReply(failure); },
  });
  const stale = saving.error instanceof ApiError && saving.error.status === 409;

  function decideOn(draft: DecisionDraft) {
    onSay(""); // what was said was about what stood there before
    begin({ draft });
  }

  function change(value: Value) {
    decideOn({ value, discarded: false, touched: true });
  }

  function pick(at: number) {
    const answer = answers[at];
    if (answer) decideOn({ value: answer.value, discarded: answer.discarded, touched: true });
  }

  function save(given: DecisionDraft = draft, version = gold?.version ?? 0) {
    if (isSending()) {
      if (!saving.isPending) onSay(reviewText.stillSaving); // sent before one went on and came back: nothing else shows it
      return;
    }
    if (!canSave(quiet, given)) {
      onSay(answers.length ? reviewText.chooseFirst : reviewText.decideFirst);
      return;
    }
    onSend();
    saving.mutate({ draft: given, version });
  }

  const unusable = () => { save({ value: {}, discarded: true, touched: true }); };

  useReviewKeys(
    (action: ReviewAction) => {
      if (action === "save") save();
      else if (action === "unusable") unusable();
      else if (action === "edit") setEditing(!editing);
      else if (action === "leave") setEditing(false);
      else if (action === "names") setNames(!names);
      else if (action === "plain") setPlain(!plain);
      else if (action === "help") setHelp(true);
      else if (action === "reason") reasonField.current?.focus();
      else if (action === "comment") commentField.current?.focus();
      else if (action === "find-label") document.querySelector<HTMLElement>("input[data-find-label]")?.focus();
      else onAction(action);
    },
    (key) => {
      if (!editing || record.task !== "TextClassification") {
        const place = labelNumber(key);
        if (place !== undefined) pick(place);
        return place !== undefined;
      }
      const label = labelAt(labels.with(draft.value.labels ?? []), key);
      if (label) change(toggleLabel(quiet, draft.value, label.name));
      return label !== undefined;
    },
  );

  return (
    <>
      {gold && !stale && (
        <p className={classes["settledby"]}>
          {reviewText.settledBy(gold.author === me ? reviewText.you : gold.author)} <Ago time={gold.at} />
          {gold.reason && <>: “{gold.reason}”</>}
        </p>
      )}
      <About record={record} />
      <RecordImage record={record} />
      {record.task !== "TokenClassification" && (
        <section className={classes["source"]} aria-label={t.annotate.text}>
          {record.fields.map((field) => (
            <div key={field.name}>
              {record.fields.length > 1 && <div className={classes["fieldname"]}>{field.name}</div>}
              <div className={classes["text"]} dir="auto">
                <MarkedText text={field.text} hits={record.hits} />
              </div>
            </div>
          ))}
        </section>
      )}
      <div className={classes["answershead"]}>
        <h2 className={classes["part"]}>{reviewText.answers(answers.length)}</h2>
        {record.task === "Text2Text" && (
          <Button size="compact-sm" variant="subtle" color="gray" ms="auto" onClick={() => { setPlain(!plain); }} rightSection={<ReviewKey action="plain" />}>
            {plain ? reviewText.changes : reviewText.plain}
          </Button>
        )}
        <Button size="compact-sm" variant="subtle" color="gray" aria-pressed={names} onClick={() => { setNames(!names); }} rightSection={<ReviewKey action="names" />}>
          {names ? reviewText.hideNames : reviewText.showNames}
        </Button>
      </div>
      <div className={classes["answers"]} data-wide={record.task === "TextClassification" ? undefined : true}>
        {answers.map((each, at) => (
          <AnswerCard
            key={each.annotator}
            record={record}
            answers={answers}
            at={at}
            base={base}
            labels={labels}
            nameOf={nameOf}
            picked={agrees(each, draft)}
            withKey={!editing || record.task !== "TextClassification"}
            plain={plain}
            onAskAgain={() => { setAsking(each.annotator); }}
            onCopy={({ start, end, label }) => { change({ spans: putSpan(draft.value.spans ?? [], { start, end, label }, labels.overlapping) }); }}
            onPick={() => { pick(at); }}
          />
        ))}
      </div>
      <section className={classes["decision"]} aria-label={reviewText.decision} data-editing={editing || undefined}>
        <div className={classes["answershead"]}>
          <h2 className={classes["part"]}>{reviewText.decision}</h2>
          <Button size="compact-sm" variant="subtle" color="gray" aria-pressed={editing} onClick={() => { setEditing(!editing); }} rightSection={<ReviewKey action="edit" />}>
            {editing ? reviewText.stopEditing : reviewText.edit}
          </Button>
        </div>
        {draft.discarded && <p className={classes["unusable"]}>{reviewText.unusableNow}</p>}
        {record.task === "TextClassification" ? (
          <TextClassification
            edit={edit}
            labels={labels}
            active={editing}
            roomy={editing}
            onPick={(label) => { change(toggleLabel(quiet, draft.value, label)); }}
          />
        ) : record.task === "TokenClassification" ? (
          <>
            {editing && <Legend labels={labels} armed={armed} onArm={onArm} />}
            <TokenClassification edit={edit} labels={labels} active={editing} armed={editing ? armed : null} onChange={(spans) => { change({ spans }); }} />
          </>
        ) : (
          <TextToText edit={edit} active={editing} onChange={(text) => { change({ text }); }} />
        )}
        <TextInput
          ref={reasonField}
          mt="sm"
          label={reviewText.reason}
          placeholder={reviewText.reasonHint}
          maxLength={10_000}
          value={reason}
          onChange={(event) => { begin({ reason: event.currentTarget.value }); }}
          onKeyDown={(event) => {
            const offered = event.altKey ? labelNumber(event.code.replace("Digit", "")) : undefined;
            if (event.key === "Escape") event.currentTarget.blur();
            else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
              event.preventDefault();
              save();
            } else if (offered !== undefined) {
              event.preventDefault();
              begin({ reason: reasons.known[offered] ?? reason });
            }
          }}
          rightSection={<ReviewKey action="reason" />}
        />
        {reasons.known.length > 0 && (
          <div className={classes["reasons"]} role="group" aria-label={reviewText.usedReasons}>
            {reasons.known.map((each, at) => (
              <Button key={each} size="compact-xs" variant="default" onClick={() => { begin({ reason: each }); }} rightSection={<Key of={`Alt+${String(at + 1)}`} />}>
                {each}
              </Button>
            ))}
          </div>
        )}
      </section>
      {saving.isError && (
        <div role="alert" className={classes["problem"]}>
          {!stale ? (
            <p>{reviewText.notSaved(saving.error.message)}</p>
          ) : (
            <>
              <p>{stored ? otherwise(stored.author, inWords(stored), stored.reason) : reviewText.taken}</p>
              <div className={classes["choices"]}>
                <Button size="compact-sm" onClick={() => { save(draft, stored?.version ?? 0); }}>
                  {reviewText.mineInstead}
                </Button>
                <Button
                  size="compact-sm"
                  variant="default"
                  onClick={() => {
                    forget();
                    cache.setQueryData(caseQuery(dataset, record).queryKey, { ...found, gold: stored });
                    onAction("next");
                  }}
                >
                  {reviewText.leaveIt}
                </Button>
              </div>
            </>
          )}
        </div>
      )}
      <Comments dataset={dataset} id={record.id} me={me} nameOf={nameOf} field={commentField} />
      {bar({ save: () => { save(); }, unusable, saving: saving.isPending })}
      {help && <Help onClose={() => { setHelp(false); }} />}
      {asking !== null && (
        <AskAgain
          dataset={dataset}
          id={record.id}
          annotator={asking}
          name={nameOf(asking)}
          onAsked={() => {
            forget();
            onSay(inboxText.asked(nameOf(asking)));
            onAsked({ record, annotator: asking, before: gold });
          }}
          onClose={() => { setAsking(null); }}
        />
      )}
    </>
  );
}

/** Facts about the record: its id, what is known of it, and what was predicted. */
function About({ record }: { record: AppRecord }) {
  const metadata = Object.entries(record.metadata).filter(([key]) => !key.startsWith("_"));
  const predicted = record.suggestions.map(({ agent, labels, spans, texts }) => {
    const parts = [...labels.map((each) => `${each.label} ${percentOf(each.score)}`), ...(spans.length ? [reviewText.spanCount(spans.length)] : []), ...texts.map((each) => each.text)];
    return `${agent ? `${agent}: ` : ""}${parts.join(", ")}`;
  });
  const facts: (readonly [string, string])[] = [
    [t.annotate.id, record.id],
    ...metadata.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)] as const),
    ...predicted.map((each) => [reviewText.predicted, each] as const),
  ];
  return (
    <dl className={classes["about"]} aria-label={t.annotate.record}>
      {facts.map(([name, value]) => (
        <div key={`${name} ${value}`}>
          <dt>{name}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function otherwise(who: string, what: string, why: string | null): string {
  return why ? reviewText.otherwiseBecause(who, what, why) : reviewText.otherwise(who, what);
}
