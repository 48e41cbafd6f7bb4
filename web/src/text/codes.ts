/** Sentences for codes of the server. A code without a sentence here is a compile error. */

import type { CountDecision, HistoryReason, WhyEmpty } from "@/api/codes";

import { texts } from "./catalogue";

const whyEmpty = {
  all_done: "Everything assigned to you is done. Thank you.",
  nothing_planned: "Nothing has been assigned to you in this dataset.",
  paused: "Your work here is paused. A manager of the dataset can resume it.",
  cap_reached: "You’ve reached your limit of records here.",
  past_due: "The records that are left are past their due date.",
  not_eligible: "The records that are left need skills that aren’t listed for you.",
  with_others: "The records that are left are assigned to others, or you’ve answered them already.",
} satisfies Record<WhyEmpty, string>;

const countDecision = {
  own_slot: "it fills your slot",
  open_slot: "it fills an open slot",
  wanted: "this unassigned record needed an answer",
  replaces_earlier: "it replaces your earlier answer",
  not_asked_for: "this record didn’t need another answer",
  all_given: "this record has all its answers, or they are in progress",
  for_others: "the answers this record still needs are assigned to others",
  cap_reached: "you’ve reached your limit of records here",
  not_eligible: "the record needs skills that aren’t listed for you",
} satisfies Record<CountDecision, string>;

/** Reasons of which the answer after it says as much have no text. */
const historyReason = {
  replaced: "",
  outdated: "the text changed since",
  record_deleted: "the record was deleted",
  discarded_by_query: "discarded with everything matching a search",
  adjudicated: "",
  imported: "imported",
  consensus_accepted: "",
  undone: "undone",
  gold_replaced: "",
  gold_removed: "",
  made_individual: "the dataset was shared before",
  made_shared: "the dataset was made shared",
} satisfies Record<HistoryReason, string>;

export const codesText = texts("codes", { whyEmpty, countDecision, historyReason });
