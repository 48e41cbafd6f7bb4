import { beforeEach, describe, expect, it } from "vitest";

import { Desk, type Held } from "./desk";
import type { AppRecord } from "./model";

const record = (id: string): AppRecord => ({
  id, task: "TextClassification", fields: [{ name: "text", text: "x" }], tokens: [], multiLabel: false, suggestions: [],
  answer: { value: {}, state: "none" }, author: null, metadata: {}, eventTimestamp: null, lastUpdated: null, hits: [], vectors: [], seen: "",
});

describe("the desk", () => {
  let told: Held[];
  let now: number;
  let desk: Desk;
  beforeEach(() => {
    told = [];
    now = 0;
    desk = new Desk((_, after) => told.push(after), () => now);
    desk.hold([record("a"), record("b")]);
  });

  it("keeps what is changed as a draft until it is settled", () => {
    desk.edit("a", { labels: ["x"] });
    expect(desk.get("a")).toMatchObject({ now: { state: "draft" }, saved: { state: "none" } });
    desk.settle(["a"], "submitted");
    expect(desk.get("a")?.saved).toEqual({ value: { labels: ["x"] }, state: "submitted" });
  });

  it("takes back a bulk action as one step, and does it again", () => {
    desk.settle(["a", "b"], "submitted", () => ({ labels: ["x"] }));
    expect(desk.undo()).toEqual(["a", "b"]);
    expect(desk.get("b")?.saved).toEqual({ value: {}, state: "none" });
    expect(desk.redo()).toEqual(["a", "b"]);
    expect(desk.get("b")?.saved.state).toBe("submitted");
    expect(told).toHaveLength(6);
  });

  it("takes back typing in runs, not letters", () => {
    desk.edit("a", { text: "o" }, true);
    now = 100;
    desk.edit("a", { text: "on" }, true);
    now = 5000;
    desk.edit("a", { text: "one" }, true);
    desk.undo();
    expect(desk.get("a")?.now.value.text).toBe("on");
    desk.undo();
    expect(desk.get("a")?.now.value).toEqual({});
    expect(desk.undo()).toEqual([]);
  });

  it("is no draft any more when it is as it was", () => {
    desk.edit("a", { labels: ["x"] });
    desk.edit("a", { labels: [] });
    expect(desk.get("a")?.now.state).toBe("none");
  });

  it("keeps a draft when the record is read anew", () => {
    desk.edit("a", { labels: ["x"] });
    desk.hold([{ ...record("a"), metadata: { new: 1 } }]);
    expect(desk.get("a")).toMatchObject({ now: { value: { labels: ["x"] } }, record: { metadata: { new: 1 } } });
  });
});
