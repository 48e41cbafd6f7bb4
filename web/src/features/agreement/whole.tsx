/** The figure over everything, as a sentence and as a bar. */

import type { Figure } from "@/api/agreement";
import type { DatasetRef } from "@/core/model";
import { n, t } from "@/text/en";

import classes from "./agreement.module.css";
import { Caution } from "./caution";
import { nameOf, two } from "./numbers";
import { RecordsLink } from "@/app/records-link";
import { beginOf, Scale } from "./scale";

export function Whole({ dataset, figure }: { dataset: DatasetRef; figure: Figure }) {
  const { estimate, low, high, level, records, annotators, answers, query, why, left_out } = figure;
  const from = beginOf([figure]);
  return (
    <section className={classes["whole"]} aria-label={t.agreement.overAll}>
      {estimate === null ? (
        <p className={classes["sentence"]}>{t.agreement.cannotTell(nameOf(figure.measure), why ?? "")}</p>
      ) : (
        <>
          <p className={classes["sentence"]}>
            {nameOf(figure.measure)} {t.agreement.is} <strong className={classes["large"]}>{two(estimate)}</strong>
            {low !== null && high !== null ? t.agreement.interval(Math.round(level * 100), two(low), two(high)) : why ? t.agreement.noInterval(why) : ""}
            {t.agreement.measuredOn}{" "}
            <RecordsLink dataset={dataset} query={query}>
              {t.agreement.records(records)}
            </RecordsLink>{" "}
            {t.agreement.answeredBy(annotators, answers)}
          </p>
          <Scale figure={figure} from={from} />
          <div className={classes["ends"]} aria-hidden>
            <span>{two(from)}</span>
            <span>{n(1)}</span>
          </div>
        </>
      )}
      <Caution figure={figure} />
      {left_out ? <p className={classes["note"]}>{t.agreement.leftOut(left_out)}</p> : null}
    </section>
  );
}
