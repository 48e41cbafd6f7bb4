import { beforeEach, describe, expect, it, vi } from "vitest";

import type { Answer } from "./model";
import { keyOf, Outbox, type Outcome, type PendingAnswer, type PendingAnswerStore, seenVersion, versionSeen } from "./outbox";

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

  it("says with an answer which earlier ones were sent without a reply, by a page that is gone, too", async () => {
    answerWith = () => ({ kind: "offline" });
    const first = open();
    await post(first, "x");
    await post(first, "xy");
    first.close();
    const later = open();
    await later.open();
    await post(later, "xyz");
    expect(store.kept.values().next().value?.sent).toEqual([answer("x"), answer("xy")]);

    answerWith = () => ({ kind: "saved", seen: "v1" });
    await vi.runAllTimersAsync();
    await post(later, "z");
    await vi.runAllTimersAsync();
    expect(sent.at(-1)?.sent).toEqual([]);
  });

  it("forgets what was sent before once a later one has arrived", async () => {
    const arrived: ((outcome: Outcome) => void)[] = [];
    const outbox = new Outbox("ana", store, (pending) => new Promise((resolve) => {
      sent.push(pending);
      arrived.push(resolve);
    }));
    await post(outbox, "x");
    await post(outbox, "xy");
    arrived.shift()?.({ kind: "saved", seen: "v1" });
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.at(-1)).toMatchObject({ answer: answer("xy"), seen: "v1", sent: [] });
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

    await outbox.sendAnyway(outbox.state().problems[0]?.pending.key ?? "");
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

  it("sends only the last of several answers to a record that were given while it was offline", async () => {
    answerWith = () => ({ kind: "offline" });
    const outbox = open();
    await post(outbox, "x");
    await vi.advanceTimersByTimeAsync(100);
    await post(outbox, "y");
    await vi.advanceTimersByTimeAsync(100);
    answerWith = () => ({ kind: "saved", seen: "" });
    outbox.resume();
    await vi.advanceTimersByTimeAsync(100);
    expect(sent.at(-1)?.answer.value.labels).toEqual(["y"]);
    expect(store.kept.size).toBe(0);
  });

  it("says of two answers that wait what the first of them was given on, though the record was read since", async () => {
    answerWith = () => ({ kind: "offline" });
    const outbox = open();
    await post(outbox, "x", "1", "first");
    await post(outbox, "y", "1", "read since");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent.at(-1)).toMatchObject({ answer: answer("y"), seen: "first" });
  });

  it("keeps an answer that was given while the one before was on its way", async () => {
    let arrive: (outcome: Outcome) => void = () => undefined;
    const outbox = new Outbox("ana", store, (pending) => {
      sent.push(pending);
      return sent.length === 1 ? new Promise((done) => { arrive = done; }) : Promise.resolve({ kind: "offline" });
    });
    await post(outbox, "x");
    await post(outbox, "y");
    arrive({ kind: "saved", seen: "v1" });
    await vi.advanceTimersByTimeAsync(10);
    expect([...store.kept.values()].map((each) => each.answer.value.labels)).toEqual([["y"]]);
    expect(sent.at(-1)?.seen).toBe("v1");
  });

  it("sends answers in the order in which they were given, one at a time", async () => {
    let underWay = 0;
    const outbox = new Outbox("ana", store, async (pending) => {
      expect(++underWay).toBe(1);
      sent.push(pending);
      await Promise.resolve();
      underWay--;
      return { kind: "saved", seen: "" };
    });
    await Promise.all(["1", "2", "3"].map((id) => post(outbox, "x", id)));
    await vi.advanceTimersByTimeAsync(100);
    expect(sent.map((each) => each.id)).toEqual(["1", "2", "3"]);
  });

  it("waits longer from try to try, and at once sends again when the network is back", async () => {
    answerWith = () => ({ kind: "offline" });
    const outbox = open();
    await post(outbox, "x");
    await vi.advanceTimersByTimeAsync(1_000 + 2_000 + 5_000 + 10_000 + 30_000 + 100);
    expect(sent).toHaveLength(6);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(sent).toHaveLength(6);
    outbox.resume();
    await vi.advanceTimersByTimeAsync(100);
    expect(sent).toHaveLength(7);
  });

  it("says how many answers wait, and that they cannot be sent", async () => {
    answerWith = () => ({ kind: "offline" });
    const outbox = open();
    await post(outbox, "x", "1");
    await post(outbox, "x", "2");
    await vi.advanceTimersByTimeAsync(100);
    expect(outbox.state()).toMatchObject({ waiting: 2, offline: true, sending: false, savedAt: null });
    expect(outbox.waitingFor(DATASET, "1")?.answer).toEqual(answer("x"));
    expect(outbox.waitingFor(DATASET, "3")).toBeUndefined();
  });

  it("keeps a refused answer for its giver to see, until they give it up", async () => {
    answerWith = () => ({ kind: "refused", message: "no such label" });
    const outbox = open();
    await post(outbox, "x");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
    const [problem] = outbox.state().problems;
    expect(problem?.outcome).toEqual({ kind: "refused", message: "no such label" });
    await outbox.sendAnyway(problem?.pending.key ?? "");
    expect(sent).toHaveLength(1); // only a conflict can be decided that way
    await outbox.drop(problem?.pending.key ?? "");
    expect(outbox.state()).toMatchObject({ waiting: 0, problems: [] });
    expect(store.kept.size).toBe(0);
  });

  it("takes a new answer to a record in place of the one that met a conflict", async () => {
    answerWith = () => ({ kind: "conflict", reason: "answered", author: "ben", seen: "bens" });
    const outbox = open();
    await post(outbox, "x");
    await vi.advanceTimersByTimeAsync(100);
    answerWith = () => ({ kind: "saved", seen: "" });
    await post(outbox, "y");
    await vi.advanceTimersByTimeAsync(100);
    expect(outbox.state()).toMatchObject({ waiting: 0, problems: [] });
  });

  it("holds the answer to one record back while what it builds on is changed, and sends the others", async () => {
    const outbox = open();
    const release = outbox.holdBack(DATASET, "1");
    await post(outbox, "x", "1", "v1");
    await post(outbox, "y", "2", "v1");
    await vi.runAllTimersAsync();
    expect(sent.map((each) => each.id)).toEqual(["2"]);
    expect(store.kept.size).toBe(1);
    outbox.noteSeen(DATASET, "1", "v2");
    release();
    await vi.runAllTimersAsync();
    expect(sent.at(-1)).toMatchObject({ id: "1", seen: "v2" });
    expect(store.kept.size).toBe(0);
  });

  it("builds on what was seen of a record in another way", async () => {
    const outbox = open();
    outbox.noteSeen(DATASET, "1", "v7");
    await post(outbox, "x", "1", "v3");
    await vi.advanceTimersByTimeAsync(100);
    expect(sent[0]?.seen).toBe("v7");
  });

  it("forgets what it met in a dataset that the server has changed, and in no other", async () => {
    const outbox = open();
    const other = { ...DATASET, name: "news" };
    outbox.noteSeen(DATASET, "1", "met");
    outbox.noteSeen(other, "1", "met");
    outbox.forgetSeen(DATASET);
    await post(outbox, "x");
    await outbox.post({ dataset: other, id: "1", answer: answer("x"), content: "", seen: "first" });
    await vi.advanceTimersByTimeAsync(100);
    expect(sent.map((each) => each.seen)).toEqual(["first", "met"]);
  });

  it("remembers what the server said of each record, and forgets it with the next answer", async () => {
    const gold = { ...answer("x"), author: "rae", reason: null };
    answerWith = () => ({ kind: "saved", seen: "v1", note: { why: null, gold } });
    const outbox = open();
    await post(outbox, "x");
    await vi.advanceTimersByTimeAsync(100);
    expect(outbox.noteOn(DATASET, "1")?.gold).toEqual(gold);
    expect(outbox.state().noted).toBeNull(); // it counts, so there is nothing to say
    answerWith = () => ({ kind: "saved", seen: "v2" });
    await post(outbox, "y");
    await vi.advanceTimersByTimeAsync(100);
    expect(outbox.noteOn(DATASET, "1")).toBeUndefined();
  });

  it("says when what waits has arrived, what an earlier visit left included", async () => {
    answerWith = () => ({ kind: "offline" });
    await post(open(), "x");
    await vi.advanceTimersByTimeAsync(100);
    answerWith = () => ({ kind: "saved", seen: "" });
    const outbox = open();
    const left: number[] = [];
    void outbox.idle().then(() => left.push(outbox.state().waiting));
    await vi.advanceTimersByTimeAsync(100);
    expect(left).toEqual([]); // nothing is known before it is opened
    await outbox.open();
    await vi.advanceTimersByTimeAsync(100);
    expect(left).toEqual([0]);
  });

  it("lets nobody wait for what cannot arrive now, or takes too long", async () => {
    let done = 0;
    const wait = (outbox: Outbox) => void outbox.idle().then(() => done++);
    const slow = new Outbox("ana", store, () => new Promise(() => undefined));
    await slow.open();
    await post(slow, "x");
    wait(slow);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(done).toBe(0);
    await vi.advanceTimersByTimeAsync(200);
    expect(done).toBe(1);
    answerWith = () => ({ kind: "offline" });
    const offline = open();
    await offline.open();
    await post(offline, "y");
    await vi.advanceTimersByTimeAsync(100);
    wait(offline);
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toBe(2);
  });

  it("shows the same state until something changes, so that screens draw only then", async () => {
    const outbox = open();
    const first = outbox.state();
    expect(outbox.state()).toBe(first);
    let calls = 0;
    const stop = outbox.subscribe(() => calls++);
    outbox.noteUnsaved(0);
    expect(calls).toBe(0);
    outbox.noteUnsaved(2);
    expect([calls, outbox.state().unsaved]).toEqual([1, 2]);
    expect(outbox.state().problems).toBe(first.problems);
    stop();
    await post(outbox, "x");
    expect(calls).toBe(1);
  });
});

describe("keys and versions", () => {
  it("keep apart the records of a dataset, of a later one of its name, and of another person", () => {
    const own = { ...DATASET, individual: { uuid: "u1" } };
    const keys = [
      keyOf("ana", DATASET, "1"), keyOf("ben", DATASET, "1"), keyOf("ana", DATASET, "2"),
      keyOf("ana", own, "1"), keyOf("ana", { ...own, individual: { uuid: "u2" } }, "1"),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keyOf("ana", { ...own, individual: { uuid: null } }, "1")).toBe(keys[0]);
  });

  it("are read as they were written", () => {
    expect(versionSeen(seenVersion(12))).toBe(12);
    expect(["", "v", "12", "v1x", '["Default"]'].map(versionSeen)).toEqual(Array(5).fill(null));
  });
});
