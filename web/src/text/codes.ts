/** Sentences for codes of the server. A code without a sentence here is a compile error. */

import type { CountDecision, HistoryReason, WhyEmpty } from "@/api/codes";

export const whyEmpty: Record<WhyEmpty, string> = {
  all_done: "Everything assigned to you is done. Thank you.",
  nothing_planned: "Nothing has been assigned to you in this dataset.",
  paused: "Your work here is paused. Whoever manages the dataset can let you go on.",
  cap_reached: "You have reached the number of records that was agreed for you.",
  past_due: "What is left was due already.",
  not_eligible: "What is left needs skills that you are not listed with.",
  with_others: "What is left is with others, or you have answered it already.",
};

export const countDecision: Record<CountDecision, string> = {
  own_slot: "it fills your slot",
  open_slot: "it fills an open slot",
  wanted: "it is an answer wanted on a record that was not shared out",
  replaces_earlier: "it replaces your earlier answer",
  not_asked_for: "nobody asked for another answer on this record",
  all_given: "all answers wanted on this record are there or under way",
  for_others: "the answers still wanted on this record are for others to give",
  cap_reached: "you have reached the number of records that was agreed for you",
  not_eligible: "the record needs skills that you are not listed with",
};

/** Null: the answer after it tells as much. */
export const historyReason: Record<HistoryReason, string | null> = {
  replaced: null,
  outdated: "the text was changed since",
  record_deleted: "the record was deleted",
  discarded_by_query: "discarded with all that matched a search",
  adjudicated: null,
  imported: "imported",
  consensus_accepted: null,
  undone: "taken back",
  gold_replaced: null,
  gold_removed: null,
  made_individual: "the dataset was shared before",
  made_shared: "the dataset was made shared",
};
