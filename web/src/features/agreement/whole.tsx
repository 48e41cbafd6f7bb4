/** The figure over everything, as a sentence and as a bar. */

import type { Figure } from "@/api/agreement";
import type { DatasetRef } from "@/core/model";
import { verdictOf } from "@/core/verdict";
import { chartsText } from "@/text/charts";
import { n } from "@/text/en";
import { agreementText } from "@/text/agreement";
import { translated } from "@/text/translated";

import classes from "./agreement.module.css";
import { Caution } from "./caution";
import { nameOf, percent, two } from "./numbers";
import { RecordsLink } from "@/app/records-link";
import { beginOf, Scale } from "./scale";

interface Props {
  readonly dataset: DatasetRef;
  readonly figure: Figure;
  /** The same records by the other measure that everybody knows. */
  readonly beside: Figure | undefined;
}

export function Whole({ dataset, figure, beside }: Props) {
  const { estimate, low, high, level, records, annotators, answers, query, why, left_out } = figure;
  const from = beginOf([figure]);
  const verdict = estimate === null ? null : verdictOf(figure.measure, estimate);
  return (
    <section className={classes["whole"]} aria-label={agreementText.overAll}>
      {estimate === null ? (
        <p className={classes["sentence"]}>{agreementText.cannotTell(nameOf(figure.measure), translated(why ?? ""))}</p>
      ) : (
        <>
          <p className={classes["sentence"]}>
            {nameOf(figure.measure)} {agreementText.is} <strong className={classes["large"]}>{figure.measure === "percent" ? percent(estimate) : two(estimate)}</strong>
            {low !== null && high !== null ? agreementText.interval(Math.round(level * 100), two(low), two(high)) : why ? agreementText.noInterval(translated(why)) : ""}
            {agreementText.measuredOn}{" "}
            <RecordsLink dataset={dataset} query={query}>
              {agreementText.records(records)}
            </RecordsLink>{" "}
            {agreementText.answeredBy(annotators, answers)}
          </p>
          {beside && beside.estimate !== null && (
            <p className={classes["beside"]}>
              {verdict && <span className={classes["verdict"]} data-verdict={verdict}>{chartsText.agreement.verdicts[verdict]}</span>}
              {beside.measure === "percent" ? chartsText.agreement.equal(percent(beside.estimate)) : chartsText.agreement.beside(nameOf(beside.measure), two(beside.estimate))}{" "}
              {verdict && chartsText.agreement.chance}
            </p>
          )}
          <Scale figure={figure} from={from} bars={verdict !== null} />
          <div className={classes["ends"]} aria-hidden>
            <span>{n(from)}</span>
            <span>{n(1)}</span>
          </div>
        </>
      )}
      {verdict && <p className={classes["note"]}>{chartsText.agreement.bars}</p>}
      <Caution figure={figure} />
      {left_out ? <p className={classes["note"]}>{agreementText.leftOut(left_out)}</p> : null}
    </section>
  );
}
