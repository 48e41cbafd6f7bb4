/** All figures of the page as one table, to take along. */

import type { Agreement, Confused, Figure, Quality } from "@/api/agreement";
import { toCsv } from "@/core/csv";
import { chartsText } from "@/text/charts";
import { agreementText } from "@/text/agreement";

import { nameOf } from "./numbers";

interface Shown {
  readonly whole: Agreement;
  readonly parts: readonly (Agreement | undefined)[];
  readonly people: readonly Quality[];
  readonly pairs: readonly Confused[];
}

const round = (value: number | null) => (value === null ? null : Math.round(value * 10_000) / 10_000);

function row(part: string, of: string, { measure, estimate, low, high, records }: Figure) {
  return [part, of, nameOf(measure), round(estimate), round(low), round(high), records];
}

function nameIn({ pair, label, week, person }: Figure): [string, string] {
  if (pair) return [agreementText.byPair, pair.join(" – ")];
  if (label != null) return [agreementText.byLabel, label];
  if (person != null) return [agreementText.byPerson, person];
  return [agreementText.byWeek, week ?? ""];
}

export function tableOf({ whole, parts, people, pairs }: Shown): string {
  const figures = parts.flatMap((part) => part?.by ?? []).map((each) => row(...nameIn(each), each));
  const given = people.flatMap(({ annotator, given: counts }) => Object.entries(counts).map(([label, count]) => [chartsText.labels.title, `${annotator}: ${label}`, null, null, null, null, count]));
  const confused = pairs.flatMap(({ pair: [one = "", other = ""], cells }) =>
    cells.map((each) => [chartsText.agreement.confusion, `${one} ${each.one} – ${other} ${each.other}`, null, null, null, null, each.records]),
  );
  return toCsv([[...chartsText.agreement.csvHead], row(agreementText.overAll, "", whole), ...figures, ...given, ...confused]);
}
