/** Week by week: a line with its intervals, and the same as a table. */

import type { Figure } from "@/api/agreement";
import type { DatasetRef } from "@/core/model";
import { agreementText } from "@/text/agreement";

import classes from "./agreement.module.css";
import { Figures } from "./figures";
import { share, short, two } from "./numbers";
import { beginOf } from "./scale";

const [WIDE, HIGH, LEFT, BELOW] = [560, 150, 36, 20];

export function Weeks({ dataset, figures }: { dataset: DatasetRef; figures: readonly Figure[] }) {
  const known = figures.filter((each) => each.estimate !== null);
  return (
    <>
      {known.length > 1 && <Line figures={figures} />}
      <Figures dataset={dataset} figures={figures} nameOf={(each) => each.week ?? ""} head={agreementText.week} />
    </>
  );
}

/** A chart of its own: for one line no library is worth its size. */
export function Line({ figures }: { figures: readonly Figure[] }) {
  const from = beginOf(figures);
  const x = (at: number) => LEFT + 12 + (at * (WIDE - LEFT - 24)) / Math.max(1, figures.length - 1);
  const y = (value: number) => 8 + (1 - share(value, from) / 100) * (HIGH - BELOW - 8);
  const points = figures.flatMap(({ estimate, low, high, week }, at) => (estimate === null ? [] : [{ at, estimate, low, high, week }]));
  const every = Math.ceil(figures.length / 8);
  return (
    <svg className={classes["line"]} viewBox={`0 0 ${String(WIDE)} ${String(HIGH)}`} role="img" aria-label={agreementText.lineOf(figures.map((each) => `${each.week ?? ""}: ${short(each)}`).join("; "))}>
      {[...new Set([from, 0, 0.5, 1])].map((value) => (
        <g key={value}>
          <line className={classes["grid"]} x1={LEFT} x2={WIDE} y1={y(value)} y2={y(value)} />
          <text className={classes["tick"]} x={LEFT - 6} y={y(value) + 4} textAnchor="end">{two(value)}</text>
        </g>
      ))}
      <polyline className={classes["path"]} points={points.map((each) => `${String(x(each.at))},${String(y(each.estimate))}`).join(" ")} />
      {points.map((each) => (
        <g key={each.week}>
          {each.low !== null && each.high !== null && <line className={classes["whisker"]} x1={x(each.at)} x2={x(each.at)} y1={y(each.low)} y2={y(each.high)} />}
          <circle className={classes["point"]} cx={x(each.at)} cy={y(each.estimate)} r={3.5} />
        </g>
      ))}
      {figures.map((each, at) => at % every === 0 && (
        <text key={each.week} className={classes["tick"]} x={x(at)} y={HIGH - 4} textAnchor="middle">{each.week?.slice(2)}</text>
      ))}
    </svg>
  );
}
