import { beforeEach, describe, expect, it } from "vitest";

import { EditSession, type RecordEdit } from "./edit-session";
import type { AppRecord } from "./model";

const record = (id: string): AppRecord => ({
  id, task: "TextClassification", fields: [{ name: "text", text: "x" }], tokens: [], multiLabel: false, suggestions: [],
  answer: { value: {}, state: "none" }, author: null, metadata: {}, eventTimestamp: null, lastUpdated: null, hits: [], vectors: [], seen: "",
});

describe("the edits", () => {
  let changes: RecordEdit[];
  let now: number;
  let edits: EditSession;
  beforeEach(() => {
    changes = [];
    now = 0;
    edits = new EditSession((_, after) => changes.push(after), () => now);
    edits.hold([record("a"), record("b")]);
  });

  it("keeps what is changed as a draft until it is submitted or discarded", () => {
    edits.edit("a", { labels: ["x"] });
    expect(edits.get("a")).toMatchObject({ now: { state: "draft" }, saved: { state: "none" } });
    edits.commit(["a"], "submitted");
    expect(edits.get("a")?.saved).toEqual({ value: { labels: ["x"] }, state: "submitted" });
  });

  it("takes back a bulk action as one step, and does it again", () => {
    edits.commit(["a", "b"], "submitted", () => ({ labels: ["x"] }));
    expect(edits.undo()).toEqual(["a", "b"]);
    expect(edits.get("b")?.saved).toEqual({ value: {}, state: "none" });
    expect(edits.redo()).toEqual(["a", "b"]);
    expect(edits.get("b")?.saved.state).toBe("submitted");
    expect(changes).toHaveLength(6);
  });

  it("takes back typing in runs, not letters", () => {
    edits.edit("a", { text: "o" }, true);
    now = 100;
    edits.edit("a", { text: "on" }, true);
    now = 5000;
    edits.edit("a", { text: "one" }, true);
    edits.undo();
    expect(edits.get("a")?.now.value.text).toBe("on");
    edits.undo();
    expect(edits.get("a")?.now.value).toEqual({});
    expect(edits.undo()).toEqual([]);
  });

  it("is no draft any more when it is as it was", () => {
    edits.edit("a", { labels: ["x"] });
    edits.edit("a", { labels: [] });
    expect(edits.get("a")?.now.state).toBe("none");
  });

  it("keeps a draft when the record is read anew", () => {
    edits.edit("a", { labels: ["x"] });
    edits.hold([{ ...record("a"), metadata: { new: 1 } }]);
    expect(edits.get("a")).toMatchObject({ now: { value: { labels: ["x"] } }, record: { metadata: { new: 1 } } });
  });
});
