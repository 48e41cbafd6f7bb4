/** Sentences for codes of the server. A code without a sentence here is a compile error. */

import type { CountDecision, HistoryReason, WhyEmpty } from "@/api/codes";

import { texts } from "./catalogue";

const whyEmpty = {
  all_done: "Everything assigned to you is done. Thank you.",
  nothing_planned: "Nothing has been assigned to you in this dataset.",
  paused: "Your work here is paused. Whoever manages the dataset can let you go on.",
  cap_reached: "You have reached the number of records that was agreed for you.",
  past_due: "What is left was due already.",
  not_eligible: "What is left needs skills that you are not listed with.",
  with_others: "What is left is with others, or you have answered it already.",
} satisfies Record<WhyEmpty, string>;

const countDecision = {
  own_slot: "it fills your slot",
  open_slot: "it fills an open slot",
  wanted: "it is an answer wanted on a record that was not shared out",
  replaces_earlier: "it replaces your earlier answer",
  not_asked_for: "nobody asked for another answer on this record",
  all_given: "all answers wanted on this record are there or under way",
  for_others: "the answers still wanted on this record are for others to give",
  cap_reached: "you have reached the number of records that was agreed for you",
  not_eligible: "the record needs skills that you are not listed with",
} satisfies Record<CountDecision, string>;

/** Reasons of which the answer after it says as much have no text. */
const historyReason = {
  replaced: "",
  outdated: "the text was changed since",
  record_deleted: "the record was deleted",
  discarded_by_query: "discarded with all that matched a search",
  adjudicated: "",
  imported: "imported",
  consensus_accepted: "",
  undone: "taken back",
  gold_replaced: "",
  gold_removed: "",
  made_individual: "the dataset was shared before",
  made_shared: "the dataset was made shared",
} satisfies Record<HistoryReason, string>;

export const codesText = texts("codes", { whyEmpty, countDecision, historyReason });
