/** Lines over days, one for each name; the same as a table beside. */

import { hueOf } from "@/core/colours";
import { beside } from "@/core/day-series";
import { chartsText } from "@/text/charts";
import { date, n } from "@/text/format";

import classes from "./charts.module.css";

export interface Series {
  readonly name: string;
  /** One for each day. */
  readonly values: readonly number[];
}

const [WIDE, HIGH, LEFT, RIGHT, BELOW] = [760, 190, 40, 110, 22];

const dayOf = (day: string, options: Intl.DateTimeFormatOptions) => date(new Date(day), { ...options, timeZone: "UTC" });

export function DayLines({ label, days, series }: { label: string; days: readonly string[]; series: readonly Series[] }) {
  const most = Math.max(1, ...series.flatMap((each) => each.values));
  const x = (at: number) => LEFT + (days.length < 2 ? (WIDE - LEFT - RIGHT) / 2 : (at * (WIDE - LEFT - RIGHT)) / (days.length - 1));
  const y = (value: number) => 10 + (1 - value / most) * (HIGH - BELOW - 10);
  const every = Math.ceil(days.length / 8);
  const places = beside(series.map((each) => each.values)).map((steps, at) => steps.map((step, day) => y(series[at]?.values[day] ?? 0) + step));
  const ends = spread(series.map(({ values }) => y(values.at(-1) ?? 0)));
  return (
    <figure className={classes["figure"]}>
      <svg className={classes["chart"]} viewBox={`0 0 ${String(WIDE)} ${String(HIGH)}`} role="img" aria-label={label}>
        {[0, most / 2, most].map((value) => (
          <g key={value}>
            <line className={classes["grid"]} x1={LEFT} x2={WIDE - RIGHT} y1={y(value)} y2={y(value)} />
            <text className={classes["tick"]} x={LEFT - 6} y={y(value) + 4} textAnchor="end">{n(Math.round(value))}</text>
          </g>
        ))}
        {series.map(({ name, values }, at) => (
          <g key={name} style={{ "--h": hueOf(at) } as React.CSSProperties}>
            <polyline className={classes["path"]} data-dashed={at % 2 ? true : undefined} points={(places[at] ?? []).map((place, day) => `${String(x(day))},${String(place)}`).join(" ")} />
            <circle className={classes["point"]} cx={x(days.length - 1)} cy={places[at]?.at(-1)} r={3.5} />
            <text className={classes["name"]} x={x(days.length - 1) + 8} y={(ends[at] ?? 0) + 4}>{`${name} ${n(values.at(-1) ?? 0)}`}</text>
          </g>
        ))}
        {days.map((day, at) => at % every === 0 && (
          <text key={day} className={classes["tick"]} x={x(at)} y={HIGH - 5} textAnchor="middle">{dayOf(day, { month: "short", day: "numeric" })}</text>
        ))}
      </svg>
      <details>
        <summary>{chartsText.table}</summary>
        <div className={classes["wide"]}>
          <table className={classes["table"]}>
            <thead>
              <tr>
                <th scope="col">{chartsText.days.day}</th>
                {series.map((each) => <th key={each.name} scope="col">{each.name}</th>)}
              </tr>
            </thead>
            <tbody>
              {days.map((day, at) => (
                <tr key={day}>
                  <th scope="row">{dayOf(day, { dateStyle: "medium" })}</th>
                  {series.map((each) => <td key={each.name}>{n(each.values[at] ?? 0)}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

const APART = 13;

/** Moves names that would lie over each other apart, in their order. */
export function spread(places: readonly number[]): number[] {
  const order = places.map((place, at) => ({ place, at })).sort((one, other) => one.place - other.place);
  const found = [...places];
  let last = -Infinity;
  for (const { place, at } of order) {
    last = Math.max(place, last + APART);
    found[at] = last;
  }
  const over = Math.max(0, last - (HIGH - BELOW));
  return found.map((each) => each - over);
}
