/** Everybody's answers, and how often they are right by a model of all answers. */

import type { Quality } from "@/api/agreement";
import type { DatasetRef } from "@/core/model";
import { n } from "@/text/en";
import { agreementText } from "@/text/agreement";

import classes from "./agreement.module.css";
import { RecordsLink } from "@/app/records-link";
import { percentOf } from "@/text/format";
import { translated } from "@/text/translated";

interface Props {
  readonly dataset: DatasetRef;
  readonly q: string;
  readonly people: readonly Quality[];
  readonly why: string | null;
}

export function People({ dataset, q, people, why }: Props) {
  const query = (who: string) => (q ? `(${q}) AND _exists_:annotations.${who}` : `_exists_:annotations.${who}`);
  return (
    <>
      <table className={classes["table"]}>
        <thead>
          <tr>
            <th scope="col">{agreementText.person}</th>
            <th scope="col">{agreementText.answersHead}</th>
            <th scope="col">{agreementText.right}</th>
          </tr>
        </thead>
        <tbody>
          {people.map((each) => (
            <tr key={each.annotator}>
              <th scope="row">{each.annotator}</th>
              <td className={classes["number"]}>
                <RecordsLink dataset={dataset} query={query(each.annotator)}>
                  {n(each.answers)}
                  <span className="sr-only"> {agreementText.recordsOf(each.annotator)}</span>
                </RecordsLink>
              </td>
              <td className={classes["number"]}>{each.accuracy === null ? "–" : percentOf(each.accuracy)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={classes["note"]}>{why === null ? agreementText.rightHint : translated(why)}</p>
    </>
  );
}
