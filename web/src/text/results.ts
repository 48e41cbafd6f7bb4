/** Texts of results: what records stand by, and who said what. */

import { n } from "./en";

const some = (count: number, one: string, many: string) => `${n(count)} ${count === 1 ? one : many}`;

export const resultsText = {
  title: "Results",
  states: { open: "Open", waiting: "In progress", conflict: "Conflict", resolved: "Resolved", unusable: "Unusable" } as Record<string, string>,
  noValue: "No final value yet",
  nothing: "nothing",
  unusable: "unusable",
  final: "Final value",
  all: (count: number) => (count === 2 ? "both agree" : `all ${n(count)} agree`),
  majority: (agreeing: number, all: number) => `majority ${n(agreeing)} of ${n(all)}`,
  model: (percent: number) => `most probable, ${n(percent)} %`,
  only: (who: string) => `answer of ${who}, the only one wanted`,
  by: (who: string) => `resolved by ${who}`,
  accepted: (who: string) => `agreed on, accepted by ${who}`,
  imported: (who: string) => `imported by ${who}`,
  earlier: (who: string) => `from before it was assigned, by ${who}`,
  before: "from before it was assigned",
  reason: (why: string) => `Reason: ${why}`,
  missing: (count: number) => `${some(count, "more answer", "more answers")} wanted`,
  conflicts: {
    tie: "the votes are tied",
    not_unanimous: "the answers differ",
    usable_or_not: "some find it unusable, others answered it",
    texts_differ: "the texts differ",
    unsure: "no value is probable enough",
    awaits_a_person: "all answers are there; a person decides",
  } as Record<string, string>,
  answers: (id: string) => `Answers to record ${id}`,
  noAnswers: "Nobody has answered yet",
  extra: "extra, does not count",
  differs: "Differs from the final value: ",
  review: "Open in review",
  answer: "Answer myself",
  change: "Change my answer",
  ownTitle: "You are answering in your own name",
  ownIntro: "Your answer is one among the team’s. To decide for everybody, open the record in review.",
  back: "Back to the results",
  one: (id: string) => `Only record ${id} is shown.`,
  showAll: "Show all records",
  notHere: "These are results. To give an answer of your own, choose “Answer myself”.",
} as const;
