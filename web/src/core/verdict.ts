/** Common reading of a figure of agreement. */

export type Verdict = "chance" | "low" | "tentative" | "good";

/** Measures that are 0 where people agree as often as by chance: the usual bars are about these. */
const CORRECTED = new Set(["alpha", "alpha_ordinal", "alpha_masi", "alpha_jaccard", "alpha_edit", "alpha_u", "token_alpha", "gamma", "ac1", "fleiss", "cohen"]);

/** The bars that Krippendorff proposed, below which nothing should be concluded, or only with care. */
export const BARS = { tentative: 0.667, good: 0.8 } as const;

export function verdictOf(measure: string, estimate: number): Verdict | null {
  if (!CORRECTED.has(measure)) return null;
  if (estimate <= 0) return "chance";
  if (estimate < BARS.tentative) return "low";
  return estimate < BARS.good ? "tentative" : "good";
}
