import { expect, it } from "vitest";

import { eventText, reasonOf } from "./event-text";

it.each([
  ["assigned", { plan: "p-1", records: 300, slots: 378 }, "assigned 300 records, 378 answers"],
  ["assigned", { plan: "p-1", records: 1, slots: 1 }, "assigned 1 record, 1 answer"],
  ["rebalanced", { plan: "p-1", added: 0, removed: 0, moved: 12, kept: 3 }, "rebalanced a plan: 12 answers moved and 3 answers in progress kept"],
  ["withdrawn", { plan: "p-1", added: 0, removed: 5, moved: 0, kept: 0 }, "unassigned work: 5 answers unassigned"],
  ["undone", { plan: "p-1", added: 0, removed: 0, moved: 0, kept: 0 }, "undid a plan"],
  ["took_records_back", { annotator: "ana", records: 2 }, "released 2 records that ana had left open"],
  ["changed_guidelines", { version: 3 }, "published version 3 of the guidelines"],
  ["changed_policies", { annotation: "individual", blind: true, required: 2 }, "changed the policies: one answer per person, blind, and 2 answers per record"],
  ["changed_policies", { annotators_may: [], skip: "drop" }, "changed the policies: no extra rights for annotators and skipped records are dropped"],
  ["took_back", { of: "ana" }, "undid ana’s answer on"],
  ["submitted", null, "submitted"],
  ["of_a_newer_server", { any: [1] }, "of a newer server"],
])("%s with %j is a sentence", (what, detail, sentence) => {
  expect(eventText({ what, detail })).toBe(sentence);
});

it("knows why a record was skipped", () => {
  expect(reasonOf({ detail: { reason: "not English" } })).toBe("not English");
  expect(reasonOf({ detail: { reason: null } })).toBeNull();
  expect(reasonOf({ detail: null })).toBeNull();
});
