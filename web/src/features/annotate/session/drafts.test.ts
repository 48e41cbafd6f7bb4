import { beforeEach, describe, expect, it, vi } from "vitest";

import { draftStore } from "@/core/browser-store";
import { DraftJournal, type SyncStorage } from "@/core/draft-journal";
import type { RecordEdit } from "@/core/edit-session";
import { type Answer, type AppRecord, contentOf, type DatasetRef } from "@/core/model";
import { keyOf } from "@/core/outbox";
import { recordOf, spanOf } from "@/testing/records";
import { storage } from "@/testing/storage";

import { DraftKeeper, rejectedOf } from "./drafts";

const SHARED: DatasetRef = { workspace: "team", name: "d", task: "Text2Text" };
const OWN: DatasetRef = { ...SHARED, individual: { uuid: "u" } } as DatasetRef;
const NONE: Answer = { value: {}, state: "none" };
const record = (answer = NONE): AppRecord => recordOf({ id: "r", task: "Text2Text", fields: [{ name: "text", text: "long" }], answer, seen: "v1" });
const typed = (text: string, saved = NONE): RecordEdit => ({ record: record(saved), now: { value: { text }, state: "draft" }, saved });

describe("what is being worked on", () => {
  let place: SyncStorage;
  let sent: string[];
  let unsaved: number[];
  const open = (dataset = OWN) => new DraftKeeper("ana", dataset, {
    send: (edit) => Promise.resolve(void sent.push(edit.now.value.text ?? "")),
    onUnsaved: (count) => unsaved.push(count),
    journal: new DraftJournal(place),
  });

  beforeEach(() => {
    vi.useFakeTimers();
    place = storage();
    sent = [];
    unsaved = [];
  });

  it("is there for the next visit at once", () => {
    open().keep(typed("H"));
    expect(open().recovered(record())?.value.text).toBe("H");
  });

  it("is saved a second after the first change, however fast the typing", async () => {
    const keeper = open();
    for (let n = 1; n <= 30; n++) {
      keeper.keep(typed("x".repeat(n)));
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(sent.map((each) => each.length)).toEqual([10, 20, 30]);
  });

  it("counts as not saved from the first change until it is", async () => {
    const keeper = open();
    keeper.keep(typed("H"));
    keeper.keep(typed("Ha"));
    expect(unsaved).toEqual([1]);
    await vi.advanceTimersByTimeAsync(500);
    expect(unsaved).toEqual([1, 0]);
    expect(open().recovered(record())).toBeNull();
  });

  it("stays unsaved when it was changed again while it was being saved", async () => {
    let done: () => void = () => undefined;
    const keeper = new DraftKeeper("ana", OWN, { send: () => new Promise((resolve) => { done = resolve; }), onUnsaved: (count) => unsaved.push(count), journal: new DraftJournal(place) });
    keeper.keep(typed("H"));
    await vi.advanceTimersByTimeAsync(500);
    keeper.keep(typed("Ha"));
    done();
    await vi.advanceTimersByTimeAsync(0);
    expect(unsaved).toEqual([1]);
    expect(open().recovered(record())?.value.text).toBe("Ha");
  });

  it("is not brought back over an answer that was given elsewhere since", () => {
    open().keep(typed("Half"));
    expect(open().recovered(record({ value: { text: "Whole" }, state: "submitted" }))).toBeNull();
    expect(open().recovered(record())).toBeNull();
  });

  it("is not brought back onto another text", () => {
    open().keep(typed("Half"));
    expect(open().recovered({ ...record(), fields: [{ name: "text", text: "another" }] })).toBeNull();
  });

  it("is nothing any more once it is as it was saved", () => {
    const keeper = open(SHARED);
    keeper.keep(typed("H"));
    keeper.keep({ ...typed(""), now: NONE });
    expect(open(SHARED).recovered(record())).toBeNull();
    expect(unsaved).toEqual([1, 0]);
  });

  it("is saved at once when the page is about to close", async () => {
    const keeper = open();
    keeper.keep(typed("H"));
    keeper.flush();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual(["H"]);
  });
});

describe("what was rejected of a record", () => {
  const key = keyOf("ana", OWN, "r");
  const gone = [spanOf(0, 4)];
  const rejecting = (now: Answer["value"], saved = NONE): RecordEdit => ({ record: record(saved), now: { value: now, state: "draft" }, saved });
  const kept = async (found: AppRecord) => (await rejectedOf(new Map([[key, found]]))).get("r");

  beforeEach(async () => {
    vi.useFakeTimers();
    await draftStore.remove(`${key} rejected`);
  });

  async function keep(edit: RecordEdit) {
    const keeper = new DraftKeeper("ana", OWN, { send: () => Promise.resolve(), journal: new DraftJournal(storage()) });
    keeper.keep(edit);
    await vi.advanceTimersByTimeAsync(500);
    return keeper;
  }

  it("stays in this browser beside a draft that the server has", async () => {
    await keep(rejecting({ rejected: gone }));
    expect(await kept(record())).toEqual(gone);
  });

  it("is dropped once the record was answered, or its text is another", async () => {
    await keep(rejecting({ rejected: gone }));
    expect(await kept({ ...record(), fields: [{ name: "text", text: "another" }] })).toBeUndefined();
    await vi.advanceTimersByTimeAsync(0);
    expect(await kept(record())).toBeUndefined();
    await keep(rejecting({ rejected: gone }));
    expect(await kept(record({ value: {}, state: "discarded" }))).toBeUndefined();
  });

  it("is forgotten with the draft, and when nothing is rejected any more", async () => {
    const keeper = await keep(rejecting({ rejected: gone }));
    keeper.forget("r");
    await vi.advanceTimersByTimeAsync(0);
    expect(await kept(record())).toBeUndefined();
    await keep(rejecting({ rejected: gone }));
    await keep(rejecting({ text: "x" }));
    expect(await kept(record())).toBeUndefined();
  });

  it("in a shared dataset is a part of the draft, which stays in this browser as a whole", async () => {
    const sent: RecordEdit[] = [];
    const keeper = new DraftKeeper("ana", SHARED, { send: (edit) => Promise.resolve(void sent.push(edit)), journal: new DraftJournal(storage()) });
    keeper.keep(rejecting({ text: "Half", rejected: gone }));
    await vi.advanceTimersByTimeAsync(500);
    expect(sent).toEqual([]);
    expect(await draftStore.get([keyOf("ana", SHARED, "r")])).toMatchObject([{ answer: { value: { text: "Half", rejected: gone } }, content: contentOf(record()) }]);
  });
});
