/** One person's answer beside the others, with what is different about it, and a key to take it over. */

import { Button, UnstyledButton } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useMemo } from "react";

import type { Answered } from "@/api/review";
import type { AppRecord, Span } from "@/core/model";
import type { LabelSet } from "@/record/use-labels";
import { t } from "@/text/en";
import { reviewText } from "@/text/review";
import { frameText } from "@/text/frame";
import { inboxText } from "@/text/inbox";
import { Key } from "@/ui/key";

import { commonLabels, type Difference, spanDifferences, wordChanges } from "./compare";
import { ComparedText } from "./compared-text";
import classes from "./review.module.css";

export interface CardProps {
  readonly record: AppRecord;
  readonly answers: readonly Answered[];
  readonly at: number;
  /** The answer that texts are compared with. */
  readonly base: number;
  readonly labels: LabelSet;
  readonly nameOf: (person: string) => string;
  readonly picked: boolean;
  readonly withKey: boolean;
  readonly onPick: () => void;
  readonly onAskAgain: () => void;
  /** Takes one span of this answer over into the decision, in place of what lies there. */
  readonly onCopy: (span: Span) => void;
  /** Texts are shown as they are, not by what is different about them. */
  readonly plain: boolean;
}

export function AnswerCard(props: CardProps) {
  const { answers, at, nameOf, picked, withKey, onPick, onAskAgain } = props;
  const answer = answers[at];
  if (!answer) return null;
  const name = nameOf(answer.annotator);
  return (
    <article className={classes["answer"]} aria-label={reviewText.answerOf(name)} data-picked={picked || undefined}>
      <header className={classes["answerhead"]}>
        <strong className={classes["person"]}>{name}</strong>
        {answer.seconds !== null && answer.seconds > 0 && <span className={classes["extra"]}>{reviewText.seconds(Math.round(answer.seconds))}</span>}
        {!answer.counted && <span className={classes["extra"]}>{reviewText.extra}</span>}
        <Button size="compact-sm" variant="subtle" color="gray" className={classes["pick"] ?? ""} onClick={onAskAgain}>
          {inboxText.ask}
          <span className="sr-only"> ({reviewText.answerOf(name)})</span>
        </Button>
        <Button
          size="compact-sm"
          variant={picked ? "filled" : "default"}
          aria-pressed={picked}
          onClick={onPick}
          {...(picked ? { leftSection: <IconCheck size={14} /> } : {})}
          {...(withKey && at < 9 ? { rightSection: <Key of={String(at + 1)} /> } : {})}
        >
          {picked ? reviewText.picked : reviewText.pick}
          <span className="sr-only"> ({reviewText.answerOf(name)})</span>
        </Button>
      </header>
      {answer.discarded ? <p className={classes["unusable"]}>{reviewText.saysUnusable}</p> : <Shown {...props} />}
    </article>
  );
}

function Shown(props: CardProps) {
  if (props.record.task === "TextClassification") return <Labels {...props} />;
  return props.record.task === "TokenClassification" ? <Spans {...props} /> : <Words {...props} />;
}

function Labels({ answers, at, labels }: CardProps) {
  const given = answers[at]?.value.labels ?? [];
  const common = commonLabels(answers.map((each) => each.value));
  if (!given.length) return <p className={classes["unusable"]}>{t.annotate.withoutLabel}</p>;
  return (
    <ul className={classes["labels"]}>
      {given.map((label) => (
        <li
          key={label}
          className={classes["label"]}
          style={{ "--h": labels.hue(label) } as React.CSSProperties}
          data-different={!common.has(label) || undefined}
        >
          {!common.has(label) && <Different />}
          {label}
        </li>
      ))}
    </ul>
  );
}

/** Said to those who hear the page, and drawn for those who see it. */
function Different() {
  return (
    <>
      <span aria-hidden className={classes["sign"]}>≠</span>
      <span className="sr-only">{reviewText.different} </span>
    </>
  );
}

function Spans({ record, answers, at, labels, nameOf, onCopy }: CardProps) {
  const text = record.fields[0]?.text ?? "";
  const differences = useMemo(() => spanDifferences(answers.map((each) => each.value), at), [answers, at]);
  const different = useMemo(() => differences.flatMap((each) => each.mine ?? []), [differences]);
  return (
    <>
      <div className={classes["text"]} dir="auto">
        <ComparedText text={text} spans={answers[at]?.value.spans ?? []} different={different} hue={labels.hue} />
      </div>
      {differences.length > 0 && (
        <ul className={classes["differences"]} aria-label={reviewText.differences}>
          {differences.map((each) => (
            <li key={JSON.stringify([each.mine, each.others[0]?.span])}>
              <Different />
              {worded(each, text, (of) => nameOf(answers[of]?.annotator ?? ""), (of) => answers[of]?.discarded ?? false)}{" "}
              {each.mine && (
                <UnstyledButton className={classes["copy"] ?? ""} onClick={() => { if (each.mine) onCopy(each.mine); }}>
                  {frameText.copySpan}
                  <span className="sr-only">: {text.slice(each.mine.start, each.mine.end)} {each.mine.label}</span>
                </UnstyledButton>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function worded({ mine, others }: Difference, text: string, name: (of: number) => string, unusable: (of: number) => boolean): string {
  const words = (span: { start: number; end: number }) => text.slice(span.start, span.end);
  const phrases = others.map(({ of, span }) => {
    if (!span) return reviewText.hasNot(name(of), unusable(of));
    const same = mine && mine.start === span.start && mine.end === span.end;
    return same ? reviewText.hasLabel(name(of), span.label) : reviewText.hasSpan(name(of), words(span), span.label);
  });
  return mine ? reviewText.mine(words(mine), mine.label, phrases.join(", ")) : reviewText.notMine(phrases.join(", "));
}

function Words({ answers, at, base, nameOf, plain }: CardProps) {
  const text = answers[at]?.value.text ?? "";
  const other = answers[base];
  const changes = useMemo(
    () => (!plain && other && base !== at && !other.discarded ? wordChanges(other.value.text ?? "", text) : null),
    [other, base, at, text, plain],
  );
  return (
    <>
      <p className={classes["text"]} dir="auto">
        {changes
          ? changes.map((each, place) => {
              const key = `${String(place)}${each.kind}`;
              if (each.kind === "new") return <ins key={key}>{each.text}</ins>;
              return each.kind === "gone" ? <del key={key}>{each.text}</del> : <span key={key}>{each.text}</span>;
            })
          : text}
      </p>
      {changes && <p className={classes["note"]}>{reviewText.comparedWith(nameOf(other?.annotator ?? ""))}</p>}
    </>
  );
}
