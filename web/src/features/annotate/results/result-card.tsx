/** A record as it stands: the final value and where it comes from, and a line for each person who answered. */

import { ActionIcon, Button, Checkbox, Skeleton } from "@mantine/core";
import { IconInfoCircle, IconVectorTriangle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { memo, use, useEffect, useRef } from "react";

import type { RecordResult } from "@/api/results";
import type { Answered } from "@/api/review";
import type { AppRecord, DatasetRef, Value } from "@/core/model";
import { RecordPanelContext } from "@/features/annotate/record-card";
import { MarkedText } from "@/record/marked-text";
import { RecordImage } from "@/record/record-image";
import recordClasses from "@/record/record.module.css";
import type { LabelSet } from "@/record/use-labels";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { resultsText } from "@/text/results";

import { provenanceOf, standingOf } from "./provenance";
import classes from "./results.module.css";

interface Props {
  readonly dataset: DatasetRef;
  readonly record: AppRecord;
  /** Undefined while it is being read. */
  readonly result: RecordResult | undefined;
  readonly labels: LabelSet;
  readonly me: string;
  readonly active: boolean;
  readonly follow: boolean;
  readonly checked: boolean;
  readonly onCheck: (id: string, checked: boolean) => void;
  readonly onActivate: (id: string) => void;
  readonly onAnswer: (id: string) => void;
}

export const ResultCard = memo(function ResultCard(props: Props) {
  const { dataset, record, result, labels, me, active, follow, checked, onCheck, onActivate, onAnswer } = props;
  const { id } = record;
  const frame = useRef<HTMLElement>(null);
  const openPanel = use(RecordPanelContext);
  useEffect(() => {
    if (follow) frame.current?.scrollIntoView({ block: "nearest" });
  }, [follow]);
  const standing = result && standingOf(result, record.answer.state);
  const settled = standing === "resolved" || standing === "unusable";
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- only remembers which card is in use
    <article
      ref={frame}
      className={recordClasses["card"]}
      aria-label={`${t.annotate.record} ${id}`}
      data-active={active || undefined}
      onMouseDown={() => { onActivate(id); }}
      onFocus={() => { onActivate(id); }}
    >
      <div className={recordClasses["head"]}>
        <Checkbox size="sm" aria-label={t.annotate.select(id)} checked={checked} onChange={(event) => { onCheck(id, event.currentTarget.checked); }} />
        {standing && (
          <span className={classes["state"]} data-standing={standing}>
            {resultsText.states[standing]}
          </span>
        )}
        {result && <span className={classes["provenance"]}>{provenanceOf(result)}</span>}
        <span className={recordClasses["end"]}>
          <span className={classes["id"]} title={id}>{id}</span>
          {openPanel && record.vectors.length > 0 && (
            <ActionIcon aria-label={annotatingText.similar.find} title={annotatingText.similar.find} onClick={() => { openPanel("similar", id); }}>
              <IconVectorTriangle size={15} />
            </ActionIcon>
          )}
          {openPanel && (
            <ActionIcon aria-label={annotatingText.record.info} title={annotatingText.record.info} onClick={() => { openPanel("info", id); }}>
              <IconInfoCircle size={15} />
            </ActionIcon>
          )}
        </span>
      </div>
      <RecordImage record={record} />
      {record.fields.map((field) => (
        <div key={field.name} className={recordClasses["field"]}>
          {record.fields.length > 1 && <div className={recordClasses["fieldname"]}>{field.name}</div>}
          <div className={recordClasses["text"]} dir="auto">
            <MarkedText text={field.text} hits={record.hits} {...(settled && record.answer.value.spans ? { spans: record.answer.value.spans } : {})} hue={labels.hue} />
          </div>
        </div>
      ))}
      {result ? (
        <>
          {settled && (
            <p className={classes["final"]}>
              <span className="sr-only">{resultsText.final}: </span>
              {standing === "unusable" ? <span className={classes["quiet"]}>{resultsText.unusable}</span> : <Shown record={record} value={record.answer.value} labels={labels} />}
            </p>
          )}
          {result.gold?.reason && <p className={classes["reason"]}>{resultsText.reason(result.gold.reason)}</p>}
          <People record={record} result={result} labels={labels} settled={settled} />
        </>
      ) : (
        <Skeleton h={40} mt="sm" />
      )}
      <div className={recordClasses["foot"]}>
        <Button
          size="compact-sm"
          variant={standing === "conflict" ? "filled" : "default"}
          renderRoot={(more) => <Link to="/datasets/$workspace/$name/review" params={{ workspace: dataset.workspace, name: dataset.name }} search={{ record: id }} preload={false} {...more} />}
        >
          {resultsText.review}
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => { onAnswer(id); }}>
          {result?.answers.some((each) => each.annotator === me) ? resultsText.change : resultsText.answer}
        </Button>
      </div>
    </article>
  );
});

function People({ record, result: { answers, resolution, gold }, labels, settled }: { record: AppRecord; result: RecordResult; labels: LabelSet; settled: boolean }) {
  if (!answers.length) return <p className={classes["quiet"]}>{resultsText.noAnswers}</p>;
  const agreeing = new Set(resolution?.agreeing);
  const differs = (each: Answered) => settled && gold?.origin !== "earlier" && resolution !== null && each.counted && !agreeing.has(each.annotator);
  return (
    <ul className={classes["people"]} aria-label={resultsText.answers(record.id)}>
      {answers.map((each) => (
        <li key={each.annotator}>
          <span className={classes["who"]}>{each.annotator}</span>
          <span className={classes["votes"]} dir="auto">
            {differs(each) && (
              <>
                <span aria-hidden className={classes["sign"]}>≠</span>
                <span className="sr-only">{resultsText.differs}</span>
              </>
            )}
            {each.discarded ? <span className={classes["quiet"]}>{resultsText.unusable}</span> : <Shown record={record} value={each.value} labels={labels} />}
          </span>
          {!each.counted && <span className={classes["quiet"]}>{resultsText.extra}</span>}
        </li>
      ))}
    </ul>
  );
}

/** A value in a line: its labels, its spans with their words, or its text. */
function Shown({ record, value, labels }: { record: AppRecord; value: Value; labels: LabelSet }) {
  const text = record.fields[0]?.text ?? "";
  const chips = value.spans ? value.spans.map((each) => ({ label: each.label, words: text.slice(each.start, each.end) })) : (value.labels ?? []).map((label) => ({ label, words: "" }));
  if (record.task === "Text2Text") return <span dir="auto" className={classes["words"]}>{value.text ?? ""}</span>;
  if (!chips.length) return <span className={classes["quiet"]}>{resultsText.nothing}</span>;
  return chips.map((each, at) => (
    <span key={`${String(at)} ${each.label}`} className={classes["chip"]} style={{ "--h": labels.hue(each.label) } as React.CSSProperties}>
      {each.words && <bdi>{each.words} </bdi>}
      <b>{each.label}</b>
    </span>
  ));
}
