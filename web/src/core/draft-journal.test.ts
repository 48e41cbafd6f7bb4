import { describe, expect, it } from "vitest";

import { storage } from "@/testing/storage";

import { DraftJournal } from "./draft-journal";

const draft = (text: string) => ({ key: "k", answer: { value: { text }, state: "draft" } as const, content: "c", given: false });

describe("the journal of drafts", () => {
  it("has a draft as soon as it was put there, for the next visit too", () => {
    const place = storage();
    new DraftJournal(place).put(draft("Half a th"));
    expect(new DraftJournal(place).get("k")).toMatchObject(draft("Half a th"));
  });

  it("keeps a later draft when an earlier one was saved", () => {
    const journal = new DraftJournal(storage(), () => 5); // within one tick of the clock
    const first = journal.put(draft("a"));
    const second = journal.put(draft("ab"));
    journal.remove("k", first);
    expect(journal.get("k")?.answer.value.text).toBe("ab");
    journal.remove("k", second);
    expect(journal.get("k")).toBeNull();
  });

  it("brings no older draft back where there is no room for a new one", () => {
    const place = storage();
    const journal = new DraftJournal(place);
    journal.put(draft("old"));
    place.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
    journal.put(draft("new"));
    expect(journal.get("k")).toBeNull();
  });

  it("has nothing, and breaks nothing, where the browser stores nothing or something odd", () => {
    new DraftJournal(null).put(draft("a"));
    const place = storage();
    place.setItem("apportion.draft k", "{");
    expect(new DraftJournal(place).get("k")).toBeNull();
  });
});
