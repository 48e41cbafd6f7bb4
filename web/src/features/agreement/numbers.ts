/** Figures as people read them. */

import type { Figure } from "@/api/agreement";
import { agreementText } from "@/text/agreement";
import { decimal, percentOf } from "@/text/format";

/** Two digits, as many as the usual numbers of records can bear. */
export function two(value: number): string {
  return decimal(value, 2, { signDisplay: "negative" }).replace("-", "−");
}

export function nameOf(measure: string): string {
  return agreementText.measures[measure] ?? measure;
}

/** The estimate with its interval, or that there is none. */
export function short({ measure, estimate, low, high }: Figure): string {
  if (estimate === null) return agreementText.undefined;
  if (measure === "percent") return low === null || high === null ? percent(estimate) : `${percent(estimate)} (${percent(low)} – ${percent(high)})`;
  return low === null || high === null ? two(estimate) : `${two(estimate)} (${two(low)} – ${two(high)})`;
}

/** A share of answers, which is never written like a coefficient. */
export const percent = (value: number) => percentOf(value);

/** Position of a value on a scale from `from` to 1, in per cent. */
export function share(value: number, from = 0): number {
  return Math.min(100, Math.max(0, ((value - from) / (1 - from)) * 100));
}
