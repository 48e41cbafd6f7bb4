/** Figures in rows, each with its bar, its interval and the records it rests on. */

import type { Figure } from "@/api/agreement";
import type { DatasetRef } from "@/core/model";
import { n } from "@/text/en";
import { agreementText } from "@/text/agreement";
import { translated } from "@/text/translated";

import classes from "./agreement.module.css";
import { CautionNote, CautionSign } from "./caution";
import { nameOf as nameOfMeasure, short } from "./numbers";
import { RecordsLink } from "@/app/records-link";
import { beginOf, Scale } from "./scale";

interface Props {
  readonly dataset: DatasetRef;
  readonly figures: readonly Figure[];
  readonly nameOf: (figure: Figure) => string;
  readonly head: string;
}

export function Figures({ dataset, figures, nameOf, head }: Props) {
  const from = beginOf(figures);
  const first = figures[0];
  return (
    <>
      <table className={classes["table"]}>
        <thead>
          <tr>
            <th scope="col">{head}</th>
            <th scope="col" colSpan={2}>{first ? nameOfMeasure(first.measure) : agreementText.estimate}</th>
            <th scope="col">{agreementText.recordsHead}</th>
          </tr>
        </thead>
        <tbody>
          {figures.map((each) => (
            <tr key={nameOf(each)}>
              <th scope="row" dir="auto">{nameOf(each)}</th>
              <td className={classes["bar"]}>
                <Scale figure={each} from={from} />
              </td>
              <td className={classes["number"]}>{each.estimate === null ? <span className={classes["note"]}>{translated(each.why ?? "")}</span> : <>{short(each)} <CautionSign figure={each} /></>}</td>
              <td className={classes["number"]}>
                <RecordsLink dataset={dataset} query={each.query}>
                  {n(each.records)}
                  <span className="sr-only"> {agreementText.recordsOf(nameOf(each))}</span>
                </RecordsLink>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <CautionNote figures={figures} />
    </>
  );
}
