/** Filters in words: what each is called, and what is chosen. */

import { isRange, rangeOf, readRange } from "@/core/view";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { percentOf } from "@/text/format";

import { metadataKey } from "./use-facets";

/** A filter by numbers is about the field that its name ends with. */
export const bareName = (filter: string) => (isRange(filter) ? filter.slice(rangeOf("").length) : filter);

export function nameOf(filter: string): string {
  return metadataKey(bareName(filter)) ?? t.filters.names[filter] ?? annotatingText.find.names[filter] ?? annotatingText.ruleFilter.names[filter] ?? filter;
}

export function shown(filter: string, values: readonly string[]): string {
  if (isRange(filter)) {
    const { from, to } = readRange(values[0]);
    if (from && to) return annotatingText.find.range(from, to);
    return from ? annotatingText.find.rangeFrom(from) : to ? annotatingText.find.rangeTo(to) : "";
  }
  if (filter === "assignment") return values.map((each) => annotatingText.find.states[each] ?? each).join(", ");
  if (filter === "covered") return values.map((each) => annotatingText.ruleFilter.covered[each] ?? each).join(", ");
  if (filter === "score") return (values[0] ?? "").split("-").map((each) => percentOf(Number(each))).join(" – ");
  return values.map((each) => (filter === "rule" || filter.startsWith("metadata.") ? each : (t.filters.values[each] ?? each))).join(", ");
}
