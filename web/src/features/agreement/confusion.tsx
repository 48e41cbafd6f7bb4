/** Labels that two people take for each other: each cell opens its records. */

import { Select } from "@mantine/core";
import { useState } from "react";

import type { Confused } from "@/api/agreement";
import { RecordsLink } from "@/app/records-link";
import type { DatasetRef } from "@/core/model";
import { chartsText } from "@/text/charts";
import { n } from "@/text/en";

import classes from "./agreement.module.css";

/** More rows than this are read by nobody. */
const MOST = 12;
const words = chartsText.agreement;

export function Confusion({ dataset, q, pairs }: { dataset: DatasetRef; q: string; pairs: readonly Confused[] }) {
  const [chosen, setChosen] = useState("0");
  const found = pairs[Number(chosen)] ?? pairs[0];
  if (!found) return null;
  const [one = "", other = ""] = found.pair;
  const labels = busiest(found);
  const count = new Map(found.cells.map((each) => [key(each.one, each.other), each.records]));
  const most = Math.max(1, ...found.cells.map((each) => each.records));
  return (
    <>
      {pairs.length > 1 && (
        <Select
          size="xs"
          mb="xs"
          w={240}
          allowDeselect={false}
          aria-label={words.pair}
          data={pairs.map(({ pair }, at) => ({ value: String(at), label: words.pairOf(pair[0] ?? "", pair[1] ?? "") }))}
          value={chosen}
          onChange={(at) => { setChosen(at ?? "0"); }}
        />
      )}
      <div className={classes["wide"]}>
        <table className={classes["matrix"]}>
          <thead>
            <tr>
              <td />
              {labels.map((each) => <th key={each} scope="col" dir="auto">{each}</th>)}
            </tr>
          </thead>
          <tbody>
            {labels.map((row) => (
              <tr key={row}>
                <th scope="row" dir="auto">{row}</th>
                {labels.map((column) => {
                  const records = count.get(key(row, column));
                  if (!records) return <td key={column} className={classes["nothing"]}>0</td>;
                  const tint = { "--share": `${String(Math.round((100 * records) / most))}%` } as React.CSSProperties;
                  return (
                    <td key={column}>
                      <RecordsLink dataset={dataset} query={queryOf(q, [[one, row], [other, column]])} className={classes["cell"]}>
                        <span className={classes["confused"]} style={tint} data-same={row === column || undefined}>
                          <span aria-hidden>{n(records)}</span>
                          <span className="sr-only">{words.cell(one, row, other, column, records)}</span>
                        </span>
                      </RecordsLink>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={classes["note"]}>
        {words.confusionHint(one, other)} {found.labels.length > labels.length && words.fewer(found.labels.length - labels.length)}
      </p>
    </>
  );
}

function busiest({ labels, cells }: Confused): string[] {
  if (labels.length <= MOST) return [...labels];
  const weight = new Map<string, number>();
  for (const { one, other, records } of cells) for (const label of [one, other]) weight.set(label, (weight.get(label) ?? 0) + records);
  const kept = new Set([...labels].sort((a, b) => (weight.get(b) ?? 0) - (weight.get(a) ?? 0)).slice(0, MOST));
  return labels.filter((each) => kept.has(each));
}

const key = (one: string, other: string) => JSON.stringify([one, other]);

function queryOf(q: string, answers: readonly (readonly [string, string])[]): string {
  const parts = answers.map(([who, label]) => `annotations.${who}.label:"${label.replace(/["\\]/g, "\\$&")}"`);
  return [...(q ? [`(${q})`] : []), ...parts].join(" AND ");
}
