import { beforeEach, describe, expect, it, vi } from "vitest";

import type { Answer } from "./model";
import { type PendingAnswer, type PendingAnswerStore, type Outcome, Outbox } from "./outbox";

const DATASET = { workspace: "team", name: "reviews", task: "TextClassification" } as const;
const answer = (label: string): Answer => ({ value: { labels: [label] }, state: "submitted" });

/** A store as the browser's, kept by the test so that it outlives an outbox. */
class Store implements PendingAnswerStore {
  readonly kept = new Map<string, PendingAnswer>();
  all = () => Promise.resolve([...this.kept.values()]);
  put = (pending: PendingAnswer) => Promise.resolve(void this.kept.set(pending.key, pending));
  remove = (key: string) => Promise.resolve(void this.kept.delete(key));
}

describe("the outbox", () => {
  let store: Store;
  let sent: PendingAnswer[];
  let answerWith: (pending: PendingAnswer) => Outcome;
  const open = (user = "ana") => new Outbox(user, store, (pending) => {
    sent.push(pending);
    return Promise.resolve(answerWith(pending));
  });
  const post = (outbox: Outbox, label: string, id = "1", seen = "first") =>
    outbox.post({ dataset: DATASET, id, answer: answer(label), content: "", seen });

  beforeEach(() => {
    vi.useFakeTimers();
    store = new Store();
    sent = [];
    answerWith = () => ({ kind: "saved", seen: `after ${String(sent.length)}` });
  });

  it("forgets an answer only when the server has it", async () => {
    const outbox = open();
    await post(outbox, "x");
    await vi.runAllTimersAsync();
    expect(store.kept.size).toBe(0);
    expect(outbox.state()).toMatchObject({ waiting: 0, offline: false });
    expect(outbox.state().savedAt).not.toBeNull();
  });

  it("keeps answers while it is offline and sends them afterwards, also from a new page", async () => {
    answerWith = () => ({ kind: "offline" });
    await post(open(), "x");
    await vi.advanceTimersByTimeAsync(100);
    expect(store.kept.size).toBe(1);

    answerWith = () => ({ kind: "saved", seen: "" });
    const later = open();
    await later.open();
    await vi.advanceTimersByTimeAsync(100);
    expect(store.kept.size).toBe(0);
  });

  it("sends nothing of another person's who used this browser", async () => {
    answerWith = () => ({ kind: "offline" });
    await post(open("ana"), "x");
    const others = open("ben");
    await others.open();
    expect(others.state().waiting).toBe(0);
  });

  it("tries again by itself", async () => {
    answerWith = () => (sent.length < 3 ? { kind: "offline" } : { kind: "saved", seen: "" });
    const outbox = open();
    await post(outbox, "x");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toHaveLength(3);
    expect(outbox.state().waiting).toBe(0);
  });

  it("waits for its person to sign in again", async () => {
    answerWith = () => ({ kind: "signed-out" });
    const outbox = open();
    await post(outbox, "x");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
    answerWith = () => ({ kind: "saved", seen: "" });
    outbox.resume();
    await vi.advanceTimersByTimeAsync(100);
    expect(outbox.state()).toMatchObject({ waiting: 0, signedOut: false });
  });

  it("says of a second answer that the first was seen", async () => {
    const outbox = open();
    await post(outbox, "x");
    await vi.advanceTimersByTimeAsync(100);
    await post(outbox, "y");
    await vi.advanceTimersByTimeAsync(100);
    expect(sent.map((each) => each.seen)).toEqual(["first", "after 1"]);
  });

  it("keeps a conflict until somebody decides, and goes on with the others", async () => {
    answerWith = (pending) => (pending.id === "1" && pending.seen === "first" ? { kind: "conflict", reason: "answered", author: "ben", seen: "bens" } : { kind: "saved", seen: "" });
    const outbox = open();
    await post(outbox, "x", "1");
    await post(outbox, "x", "2");
    await vi.advanceTimersByTimeAsync(100);
    expect(outbox.state().problems.map((each) => each.pending.id)).toEqual(["1"]);
    expect(store.kept.size).toBe(1);

    await outbox.insist(outbox.state().problems[0]?.pending.key ?? "");
    expect(sent.at(-1)).toMatchObject({ id: "1", seen: "bens" });
    expect(outbox.state()).toMatchObject({ waiting: 0, problems: [] });
  });

  it("builds on the newest version, whether it saved it or read it", async () => {
    answerWith = () => ({ kind: "saved", seen: "v2" });
    const outbox = open();
    await post(outbox, "x", "1", "v1");
    await vi.advanceTimersByTimeAsync(100);
    await post(outbox, "y", "1", "v1");
    await vi.advanceTimersByTimeAsync(100);
    await post(outbox, "z", "1", "v10");
    await vi.advanceTimersByTimeAsync(100);
    expect(sent.map((each) => each.seen)).toEqual(["v1", "v2", "v10"]);
  });

  it("says of the last answer that did not count until that is read", async () => {
    answerWith = () => ({ kind: "saved", seen: "v1", note: { why: "all_given", gold: null } });
    const outbox = open();
    await post(outbox, "x");
    await vi.advanceTimersByTimeAsync(100);
    expect(outbox.state().noted).toMatchObject({ id: "1", why: "all_given" });
    outbox.dismiss();
    expect(outbox.state().noted).toBeNull();
  });

  it("sends nothing once it is closed, and keeps what waits for the next time", async () => {
    answerWith = () => ({ kind: "offline" });
    const outbox = open();
    await post(outbox, "x");
    await vi.advanceTimersByTimeAsync(100);
    const tried = sent.length;
    outbox.close();
    outbox.resume();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(sent.length).toBe(tried);
    expect(store.kept.size).toBe(1);
    answerWith = () => ({ kind: "saved", seen: "" });
    await outbox.open();
    await vi.advanceTimersByTimeAsync(100);
    expect(outbox.state().waiting).toBe(0);
  });
});
