/** Texts of charts, of agreement explained, and of activity. Apart, so that annotators do not load them. */

import { msg, texts } from "./catalogue";

export const chartsText = texts("charts", {
  table: "Show as a table",
  days: {
    title: "Progress by day",
    intro: "Records each person has answered so far.",
    day: "Day",
    summary: msg(["parts"], "Answers so far: {parts}"),
    none: "The first answers make a line here.",
  },
  labels: {
    title: "Labels by person",
    intro: "How often each person chose each label, beside the whole team.",
    team: "Team",
    label: "Label",
    share: msg(["label", "count", "share"], "{label}: {count, number} ({share})"),
    summary: msg(["name", "parts"], "{name}: {parts}"),
    others: "Others",
  },
  agreement: {
    verdicts: { chance: "No better than chance", low: "Low", tentative: "Fair", good: "Good" },
    bars: "Usual bars: 0.67 for tentative conclusions, 0.80 for reliable labels.",
    equal: msg(["share"], "{share} of the answers are equal."),
    beside: msg(["measure", "value"], "{measure}: {value}."),
    chance: "α leaves out what people would agree on by chance, so it’s lower.",
    confusion: "Which labels get confused",
    confusionHint: msg(["one", "other"], "Rows: {one}. Columns: {other}. Each cell opens its records."),
    pair: "Two people",
    pairOf: msg(["one", "other"], "{one} and {other}"),
    cell: msg(["one", "a", "other", "b", "count"], "{one} {a}, {other} {b}: {count, plural, one {# record} other {# records}}"),
    fewer: msg(["count"], "{count, plural, one {# rarer label is} other {# rarer labels are}} left out; all are in the CSV."),
    csv: "Download CSV",
    csvHead: ["Part", "Of", "Measure", "Estimate", "Low", "High", "Records"],
  },
  events: {
    many: msg(["did", "count"], "{did} {count, plural, one {# record} other {# records}}"),
    times: msg(["from", "to"], "{from}–{to}"),
    show: "Show records",
    hide: "Hide records",
    who: "Show activity of",
    everyone: "Everyone",
  },
});
