/** Filters in words: what each is called, and what is chosen. */

import { isRange, rangeOf, readRange } from "@/core/view";
import { t } from "@/text/en";
import { percentOf } from "@/text/format";
import { toolsText } from "@/text/tools";

import { metadataKey } from "./use-facets";

/** A filter by numbers is about the field that its name ends with. */
export const bareName = (filter: string) => (isRange(filter) ? filter.slice(rangeOf("").length) : filter);

export function nameOf(filter: string): string {
  return metadataKey(bareName(filter)) ?? t.filters.names[filter] ?? toolsText.find.names[filter] ?? toolsText.ruleFilter.names[filter] ?? filter;
}

export function shown(filter: string, values: readonly string[]): string {
  if (isRange(filter)) {
    const { from, to } = readRange(values[0]);
    if (from && to) return toolsText.find.range(from, to);
    return from ? toolsText.find.rangeFrom(from) : to ? toolsText.find.rangeTo(to) : "";
  }
  if (filter === "assignment") return values.map((each) => toolsText.find.states[each] ?? each).join(", ");
  if (filter === "covered") return values.map((each) => toolsText.ruleFilter.covered[each] ?? each).join(", ");
  if (filter === "score") return (values[0] ?? "").split("-").map((each) => percentOf(Number(each))).join(" – ");
  return values.map((each) => (filter === "rule" || filter.startsWith("metadata.") ? each : (t.filters.values[each] ?? each))).join(", ");
}
