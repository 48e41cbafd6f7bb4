import { beforeEach, describe, expect, it } from "vitest";

import { draftOf, recordOf, spanOf, submittedOf } from "@/testing/records";

import { EditSession, type RecordEdit } from "./edit-session";

const record = (id: string) => recordOf({ id });

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

  it("counts every change, so that what was said before one can be dropped", () => {
    const counted = [
      () => { edits.edit("a", { text: "x" }, true); },
      () => { edits.edit("a", { text: "xy" }, true); }, // one step with the one before
      () => edits.undo(),
      () => edits.redo(),
    ].map((act) => {
      act();
      return edits.changes();
    });
    expect(new Set([0, ...counted]).size).toBe(5);
    edits.hold([record("c")]);
    expect(edits.changes()).toBe(counted.at(-1));
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

  it("takes what was kept of a record elsewhere for what stands in the record", () => {
    edits.hold([record("a")], new Map([["a", { now: draftOf({ text: "Half" }), saved: submittedOf({ text: "Whole" }) }]]));
    expect(edits.get("a")).toMatchObject({ now: { value: { text: "Half" } }, saved: { value: { text: "Whole" } } });
  });

  it("shows the server's answer once nothing of one's own is in the way", () => {
    edits.hold([{ ...record("a"), answer: submittedOf({ labels: ["theirs"] }) }]);
    expect(edits.get("a")?.now).toEqual(submittedOf({ labels: ["theirs"] }));
    edits.edit("a", { labels: ["mine"] });
    edits.replace({ ...record("a"), answer: submittedOf({ labels: ["newer"] }) });
    expect(edits.get("a")?.now.value.labels).toEqual(["newer"]);
  });

  it("puts what was changed meanwhile on top of what the server has since", () => {
    const before = edits.get("a");
    const since = (of: string) => recordOf({ id: "a", seen: "v5", answer: submittedOf({ labels: [of] }) });
    if (before) edits.rebase(before, since("x"));
    expect(edits.get("a")).toMatchObject({ now: { value: { labels: ["x"] } }, record: { seen: "v5" } });
    edits.edit("a", { labels: ["mine"] });
    if (before) edits.rebase(before, since("y"));
    expect(edits.get("a")).toMatchObject({ now: draftOf({ labels: ["mine"] }), saved: submittedOf({ labels: ["y"] }) });
    edits.commit(["a"], "submitted");
    if (before) edits.rebase(before, since("z"));
    expect(edits.get("a")).toMatchObject({ now: submittedOf({ labels: ["mine"] }), saved: submittedOf({ labels: ["mine"] }) });
  });

  it("knows nothing of a record that was never laid down", () => {
    edits.edit("z", { labels: ["x"] });
    edits.commit(["z"], "submitted");
    expect(edits.get("z")).toBeUndefined();
    expect(edits.canUndo()).toBe(false);
  });

  it("sends nothing of what was rejected on the way to an answer", () => {
    edits.edit("a", { spans: [spanOf(0, 1)], rejected: [spanOf(0, 1, "LOC")] });
    edits.commit(["a"], "submitted");
    expect(edits.get("a")?.saved.value).toEqual({ spans: [spanOf(0, 1)] });
  });

  it("goes back to a draft when a submitted answer is changed, and to none when that is undone", () => {
    edits.commit(["a"], "submitted", () => ({ labels: ["x"] }));
    edits.edit("a", { labels: ["y"] });
    expect(edits.get("a")).toMatchObject({ now: { state: "draft" }, saved: { state: "submitted" } });
    edits.undo();
    expect(edits.get("a")?.now).toEqual(submittedOf({ labels: ["x"] }));
  });

  it("cannot do again what was undone once something else was done", () => {
    edits.edit("a", { labels: ["x"] });
    edits.undo();
    edits.edit("b", { labels: ["y"] });
    expect(edits.redo()).toEqual([]);
    expect(edits.steps()).toBe(1);
  });

  it("takes typing in one record and in another for two steps", () => {
    edits.edit("a", { text: "o" }, true);
    edits.edit("b", { text: "t" }, true);
    edits.edit("a", { text: "on" }, true);
    expect(edits.steps()).toBe(3);
  });

  it("undoes the answer, but leaves the record as it was read last", () => {
    edits.edit("a", { labels: ["x"] });
    edits.hold([{ ...record("a"), metadata: { new: 1 } }]);
    edits.undo();
    expect(edits.get("a")).toMatchObject({ now: { state: "none" }, record: { metadata: { new: 1 } } });
  });

  it("calls those who watch the record that changes, and nobody who stopped", () => {
    const calls: string[] = [];
    edits.subscribe("a", () => calls.push("a"));
    edits.subscribe("b", () => calls.push("b"));
    const stop = edits.subscribeAll(() => calls.push("any"));
    const before = edits.edition();
    edits.edit("a", { labels: ["x"] });
    expect(calls).toEqual(["a", "any"]);
    expect(edits.edition()).toBeGreaterThan(before);
    stop();
    edits.edit("b", { labels: ["x"] });
    expect(calls).toEqual(["a", "any", "b"]);
  });
});
