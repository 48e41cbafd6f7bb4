/** Texts of charts, of agreement explained, and of what happened. Apart, so that annotators do not load them. */

import { n } from "./en";

const some = (count: number, one: string, many: string) => `${n(count)} ${count === 1 ? one : many}`;

export const chartsText = {
  table: "Show as a table",
  days: {
    title: "Progress by day",
    intro: "Records each person has answered so far.",
    day: "Day",
    summary: (parts: readonly string[]) => `Answers so far: ${parts.join(", ")}`,
    total: "All",
    none: "The first answers make a line here.",
  },
  labels: {
    title: "Labels by person",
    intro: "How often each person chose each label, beside the whole team.",
    person: "Person",
    team: "Team",
    label: "Label",
    share: (label: string, count: number, percent: number) => `${label}: ${n(count)} (${n(percent)} %)`,
    summary: (name: string, parts: readonly string[]) => `${name}: ${parts.join(", ")}`,
    others: "Others",
  },
  agreement: {
    verdicts: { chance: "no better than chance", low: "low", tentative: "fair", good: "good" },
    bars: "Usual bars: 0.67 for tentative conclusions, 0.80 for reliable labels.",
    equal: (percent: string) => `${percent} of the answers are equal`,
    alpha: (measure: string, value: string) => `${measure} ${value}`,
    chance: "α leaves out what people would agree on by chance, so it is lower.",
    confusion: "Which labels get confused",
    confusionHint: (one: string, other: string) => `Rows: ${one}. Columns: ${other}. Each cell opens its records.`,
    pair: "Two people",
    pairOf: (one: string, other: string) => `${one} and ${other}`,
    cell: (one: string, a: string, other: string, b: string, count: number) => `${one} ${a}, ${other} ${b}: ${some(count, "record", "records")}`,
    fewer: (count: number) => `${some(count, "rarer label is", "rarer labels are")} left out; all are in the CSV.`,
    csv: "Download CSV",
    csvHead: ["Part", "Of", "Measure", "Estimate", "Low", "High", "Records"],
  },
  events: {
    many: (who: string, did: string, count: number) => `${who} ${did} ${some(count, "record", "records")}`,
    times: (from: string, to: string) => (from === to ? from : `${from}–${to}`),
    show: "Show records",
    hide: "Hide records",
    who: "Show activity of",
    everybody: "Everyone",
    more: (count: number) => `${n(count)} more`,
  },
} as const;
