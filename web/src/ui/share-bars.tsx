/** Shares of a whole, a bar for each name; the same as a table beside. */

import { hueOf } from "@/core/colours";
import { chartsText } from "@/text/charts";
import { compare, n, percentOf } from "@/text/format";

import classes from "./charts.module.css";

export interface Shares {
  readonly name: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** So many labels have a colour of their own. */
const MOST = 10;

export function ShareBars({ rows, hues }: { rows: readonly Shares[]; hues?: ReadonlyMap<string, number> }) {
  const totals = new Map<string, number>();
  for (const { counts } of rows) for (const [label, count] of Object.entries(counts)) totals.set(label, Math.max(totals.get(label) ?? 0, count));
  const labels = [...totals].sort((one, other) => other[1] - one[1] || compare(one[0], other[0])).map(([label]) => label);
  const shown = labels.slice(0, MOST);
  const hue = (label: string, at: number) => ({ "--h": hues?.get(label) ?? hueOf(at) }) as React.CSSProperties;
  return (
    <figure className={classes["figure"]}>
      <ul className={classes["key"]} aria-hidden>
        {shown.map((label, at) => (
          <li key={label} style={hue(label, at)}>{label}</li>
        ))}
        {labels.length > MOST && <li data-rest>{chartsText.labels.others}</li>}
      </ul>
      <div className={classes["bars"]}>
        {rows.map((row) => {
          const total = Object.values(row.counts).reduce((sum, each) => sum + each, 0);
          const part = (label: string) => row.counts[label] ?? 0;
          const words = (label: string) => chartsText.labels.share(label, part(label), percentOf(part(label) / Math.max(1, total)));
          const rest = labels.slice(MOST).reduce((sum, label) => sum + part(label), 0);
          return (
            <div key={row.name} className={classes["row"]}>
              <span className={classes["rowname"]} dir="auto">{row.name}</span>
              <div className={classes["shares"]} role="img" aria-label={chartsText.labels.summary(row.name, labels.filter(part).map(words).join(", "))}>
                {shown.map((label, at) => part(label) > 0 && (
                  <span key={label} style={{ ...hue(label, at), flexGrow: part(label) }} title={words(label)}>
                    {part(label) / total > 0.09 ? label : ""}
                  </span>
                ))}
                {rest > 0 && <span data-rest style={{ flexGrow: rest }} title={chartsText.labels.others} />}
              </div>
              <span className={classes["rowtotal"]}>{n(total)}</span>
            </div>
          );
        })}
      </div>
      <details>
        <summary>{chartsText.table}</summary>
        <div className={classes["wide"]}>
          <table className={classes["table"]}>
            <thead>
              <tr>
                <th scope="col">{chartsText.labels.label}</th>
                {rows.map((each) => <th key={each.name} scope="col">{each.name}</th>)}
              </tr>
            </thead>
            <tbody>
              {labels.map((label) => (
                <tr key={label}>
                  <th scope="row" dir="auto">{label}</th>
                  {rows.map((each) => <td key={each.name}>{n(each.counts[label] ?? 0)}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}
