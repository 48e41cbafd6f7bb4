/** An interval and its estimate on a scale up to 1; the numbers stand beside it. */

import type { Figure } from "@/api/agreement";
import { BARS } from "@/core/verdict";

import classes from "./agreement.module.css";
import { share } from "./numbers";

export function Scale({ figure, from = 0, bars = false }: { figure: Figure; from?: number; bars?: boolean }) {
  const { estimate, low, high } = figure;
  if (estimate === null) return null;
  const left = share(low ?? estimate, from);
  return (
    <div className={classes["scale"]} aria-hidden>
      {from < 0 && <span className={classes["zero"]} style={{ insetInlineStart: `${String(share(0, from))}%` }} />}
      {bars && Object.values(BARS).map((each) => <span key={each} className={classes["usual"]} style={{ insetInlineStart: `${String(share(each, from))}%` }} />)}
      <span className={classes["interval"]} style={{ insetInlineStart: `${String(left)}%`, width: `${String(share(high ?? estimate, from) - left)}%` }} />
      <span className={classes["estimate"]} style={{ insetInlineStart: `${String(share(estimate, from))}%` }} />
    </div>
  );
}

/** Beginning of a scale for these figures: at 0, or below it where one reaches there. */
export function beginOf(figures: readonly Figure[]): number {
  const lowest = Math.min(0, ...figures.flatMap((each) => [each.low ?? 0, each.estimate ?? 0]));
  return lowest < 0 ? Math.max(-1, Math.floor(lowest * 4) / 4) : 0;
}
