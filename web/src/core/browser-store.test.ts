import { describe, expect, it } from "vitest";

import { draftOf, SHARED, submittedOf } from "@/testing/records";

import { draftStore, pendingAnswerStore } from "./browser-store";

// Node has no IndexedDB, nor have some private windows: what is kept lasts as long as the page
describe("where the browser keeps nothing", () => {
  const pending = { key: "k", user: "ana", dataset: SHARED, id: "1", answer: submittedOf({ labels: ["x"] }), content: "", seen: "", at: 0 };
  const draft = { key: "d", answer: draftOf({ text: "Half" }), content: "c", at: 1 };

  it("an answer waits in memory until it was sent", async () => {
    await pendingAnswerStore.put(pending);
    await pendingAnswerStore.put({ ...pending, seen: "later" });
    expect(await pendingAnswerStore.all()).toEqual([{ ...pending, seen: "later" }]);
    await pendingAnswerStore.remove("k");
    expect(await pendingAnswerStore.all()).toEqual([]);
  });

  it("drafts are found by their keys, and those that are not there are left out", async () => {
    await draftStore.put(draft);
    expect(await draftStore.get(["none", "d"])).toEqual([draft]);
    await draftStore.remove("d");
    expect(await draftStore.get(["d"])).toEqual([]);
  });
});
