/** Person by person: how alike two people answer, and on how many records. */

import type { Figure } from "@/api/agreement";
import type { DatasetRef } from "@/core/model";
import { n } from "@/text/en";
import { agreementText } from "@/text/agreement";
import { translated } from "@/text/translated";

import classes from "./agreement.module.css";
import { CautionNote, CautionSign } from "./caution";
import { share, short, two } from "./numbers";
import { RecordsLink } from "@/app/records-link";

export function Matrix({ dataset, figures }: { dataset: DatasetRef; figures: readonly Figure[] }) {
  const people = [...new Set(figures.flatMap((each) => each.pair ?? []))].sort();
  const of = new Map(figures.map((each) => [key(each.pair?.[0] ?? "", each.pair?.[1] ?? ""), each]));
  const columns = people.slice(0, -1);
  return (
    <>
      <div className={classes["wide"]}>
        <table className={classes["matrix"]}>
          <thead>
            <tr>
              <td />
              {columns.map((each) => (
                <th key={each} scope="col">{each}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {people.slice(1).map((one, row) => (
              <tr key={one}>
                <th scope="row">{one}</th>
                {columns.map((other, column) => (
                  <td key={other}>{column <= row && <Cell dataset={dataset} figure={of.get(key(one, other))} />}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={classes["note"]}>{agreementText.matrixHint}</p>
      <CautionNote figures={figures} />
    </>
  );
}

function Cell({ dataset, figure }: { dataset: DatasetRef; figure: Figure | undefined }) {
  if (!figure) return <span className={classes["nothing"]}>{agreementText.noneShared}</span>;
  const { estimate, records, query, why } = figure;
  const tint = estimate === null ? undefined : ({ "--share": `${share(estimate).toFixed(0)}%` } as React.CSSProperties);
  return (
    <RecordsLink dataset={dataset} query={query} className={classes["cell"]}>
      <span className={classes["tint"]} style={tint} title={estimate === null ? translated(why ?? "") : short(figure)}>
        <strong>{estimate === null ? agreementText.undefined : two(estimate)}</strong>
        <span className={classes["few"]}>
          {agreementText.on(n(records))} <CautionSign figure={figure} />
        </span>
      </span>
    </RecordsLink>
  );
}

function key(one: string, other: string): string {
  return JSON.stringify([one, other].sort());
}
