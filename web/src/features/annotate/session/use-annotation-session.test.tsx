// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { findMine, undoMine } from "@/api/annotations";
import { findRecord } from "@/api/records";
import { useOutbox } from "@/app/outbox-provider";
import { draftStore } from "@/core/browser-store";
import { type Answer, contentOf, type DatasetRef } from "@/core/model";
import { keyOf, type Outbox, type Outcome, type PendingAnswer } from "@/core/outbox";
import { draftOf, INDIVIDUAL, recordOf, SHARED, submittedOf, UNANSWERED } from "@/testing/records";
import { outboxOf } from "@/testing/session";

import { useAnnotationSession, useRecordEdit } from "./use-annotation-session";

vi.mock("@/api/annotations", () => ({ findMine: vi.fn(), undoMine: vi.fn() }));
vi.mock("@/api/records", () => ({ findRecord: vi.fn() }));
vi.mock("@/app/outbox-provider", async () => {
  const { useSyncExternalStore } = await import("react");
  const useOutbox = vi.fn<() => Outbox>();
  const useOutboxPart = (name: "savedAt" | "problems") => {
    const outbox = useOutbox();
    return useSyncExternalStore((listener) => outbox.subscribe(listener), () => outbox.state()[name]);
  };
  return { useOutbox, useOutboxPart };
});

describe("an annotation session", () => {
  let sent: PendingAnswer[];
  let outcome: Outcome;
  let outbox: Outbox;
  beforeEach(() => {
    vi.clearAllMocks();
    vi.useFakeTimers();
    window.localStorage.clear();
    sent = [];
    outcome = { kind: "saved", seen: "v2" };
    outbox = outboxOf((pending) => {
      sent.push(pending);
      return Promise.resolve(outcome);
    });
    vi.mocked(useOutbox).mockImplementation(() => outbox);
  });
  afterEach(async () => {
    for (const dataset of [SHARED, INDIVIDUAL]) await draftStore.remove(keyOf("ana", dataset, "1"));
    vi.useRealTimers();
  });

  const advance = (ms = 0) => act(() => vi.advanceTimersByTimeAsync(ms));

  function open(dataset: DatasetRef = INDIVIDUAL, leading = false, recountMs = 5_000) {
    const cache = new QueryClient();
    const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={cache}>{children}</QueryClientProvider>;
    const shown = renderHook(() => useAnnotationSession(dataset, leading, recountMs), { wrapper });
    return { ...shown, cache, session: shown.result.current };
  }
  const load = async (session: ReturnType<typeof open>["session"], answer: Answer = UNANSWERED, text = "Ada met Ben") => {
    await act(() => session.load([recordOf({ answer, seen: "v1", fields: [{ name: "text", text }] })]));
  };

  it("sends an answer with its lease, what it builds on and the seconds it took", async () => {
    const { session } = open();
    await load(session);
    session.tokens.set("1", "lease 1");
    session.stopwatch.front("1");
    await advance(4_200);
    session.edits.commit(["1"], "submitted", () => ({ labels: ["a"] }));
    await advance();
    expect(sent).toMatchObject([{ id: "1", answer: submittedOf({ labels: ["a"] }), token: "lease 1", seen: "v1", seconds: 4.2, visit: session.stopwatch.visit, content: contentOf(recordOf()) }]);
  });

  it("sends a draft of one's own half a second later, and an answer instead of its draft", async () => {
    const { session } = open();
    await load(session);
    session.edits.edit("1", { labels: ["a"] });
    await advance(400);
    expect(sent).toEqual([]);
    await advance(100);
    expect(sent.map((each) => each.answer.state)).toEqual(["draft"]);
    session.edits.edit("1", { labels: ["b"] });
    session.edits.commit(["1"], "submitted");
    await advance(1_000);
    expect(sent.map((each) => each.answer.state)).toEqual(["draft", "submitted"]);
  });

  it("keeps a draft of a shared dataset in this browser, until the next visit", async () => {
    const first = open(SHARED);
    await load(first.session);
    first.session.edits.edit("1", { labels: ["a"] });
    await advance(600);
    first.unmount();
    expect(sent).toEqual([]);
    const { session } = open(SHARED);
    await load(session);
    expect(session.edits.get("1")).toMatchObject({ now: draftOf({ labels: ["a"] }), saved: UNANSWERED });
  });

  it("brings no draft back onto another text", async () => {
    const first = open(SHARED);
    await load(first.session);
    first.session.edits.edit("1", { labels: ["a"] });
    await advance(600);
    first.unmount();
    const { session } = open(SHARED);
    await load(session, UNANSWERED, "Another text");
    expect(session.edits.get("1")?.now).toEqual(UNANSWERED);
  });

  it("shows an answer that still waits to be sent, not the older one of the server", async () => {
    outcome = { kind: "offline" };
    await outbox.post({ dataset: INDIVIDUAL, id: "1", answer: submittedOf({ labels: ["mine"] }), content: "", seen: "v1" });
    const { session } = open();
    await load(session);
    expect(session.edits.get("1")).toMatchObject({ now: submittedOf({ labels: ["mine"] }), saved: submittedOf({ labels: ["mine"] }) });
  });

  it("sends at once what was put off when the page is left", async () => {
    const { session, unmount } = open();
    await load(session);
    session.edits.edit("1", { labels: ["a"] });
    unmount();
    await advance();
    expect(sent.map((each) => each.answer.value.labels)).toEqual([["a"]]);
  });

  it("shows somebody who leads their own answers, not what records stand by", async () => {
    vi.mocked(findMine).mockResolvedValue({ answer: submittedOf({ labels: ["mine"] }), version: 7, gold: null });
    const { session } = open(INDIVIDUAL, true);
    await load(session, submittedOf({ labels: ["majority"] }));
    expect(session.edits.get("1")).toMatchObject({ now: submittedOf({ labels: ["mine"] }), record: { seen: "v7", author: null } });
  });

  it("takes an answer back on the server, and builds the next one on what is there then", async () => {
    vi.mocked(undoMine).mockResolvedValue({ answer: submittedOf({ labels: ["before"] }), version: 5, gold: null });
    const { session } = open();
    await load(session);
    await act(() => session.undoSaved("1"));
    expect(session.edits.get("1")?.now).toEqual(submittedOf({ labels: ["before"] }));
    session.edits.commit(["1"], "submitted", () => ({ labels: ["again"] }));
    await advance();
    expect(sent[0]?.seen).toBe("v5");
  });

  const undoing = async () => {
    let reply: (found: Awaited<ReturnType<typeof undoMine>>) => void = () => undefined;
    vi.mocked(undoMine).mockReturnValue(new Promise((resolve) => { reply = resolve; }));
    const { session } = open();
    await load(session, submittedOf({ labels: ["first"] }));
    const done = session.undoSaved("1");
    return { session, end: () => act(async () => {
      reply({ answer: draftOf({ labels: ["first"] }), version: 5, gold: null });
      await done;
    }) };
  };

  it("builds an answer that is given while one is taken back on what is there then", async () => {
    const { session, end } = await undoing();
    session.edits.commit(["1"], "submitted", () => ({ labels: ["again"] }));
    await advance(1_000);
    expect(sent).toEqual([]);
    await end();
    expect(session.edits.get("1")?.now).toEqual(submittedOf({ labels: ["again"] }));
    await advance();
    expect(sent).toMatchObject([{ answer: submittedOf({ labels: ["again"] }), seen: "v5" }]);
  });

  it("keeps what is changed while an answer is taken back, as a draft of one's own", async () => {
    const { session, end } = await undoing();
    session.edits.edit("1", { labels: ["first", "second"] });
    await end();
    expect(session.edits.get("1")).toMatchObject({ now: draftOf({ labels: ["first", "second"] }), saved: draftOf({ labels: ["first"] }) });
    await advance(600);
    expect(sent).toMatchObject([{ answer: draftOf({ labels: ["first", "second"] }), seen: "v5" }]);
  });

  it("sends what was given meanwhile although nothing could be taken back", async () => {
    vi.mocked(undoMine).mockRejectedValue(new Error("away"));
    const { session } = open();
    await load(session, submittedOf({ labels: ["first"] }));
    const done = session.undoSaved("1");
    session.edits.commit(["1"], "submitted", () => ({ labels: ["again"] }));
    await expect(done).rejects.toThrow("away");
    await advance();
    expect(sent).toMatchObject([{ answer: submittedOf({ labels: ["again"] }), seen: "v1" }]);
  });

  it("shows what the server has once somebody gives their answer up", async () => {
    outcome = { kind: "conflict", reason: "answered", author: "ben", seen: "bens" };
    vi.mocked(findRecord).mockResolvedValue(recordOf({ answer: submittedOf({ labels: ["bens"] }) }));
    const { session } = open(SHARED);
    await load(session);
    session.edits.commit(["1"], "submitted", () => ({ labels: ["mine"] }));
    await advance();
    const [problem] = outbox.state().problems;
    await act(() => outbox.drop(problem?.pending.key ?? ""));
    await advance();
    expect(session.edits.get("1")?.now).toEqual(submittedOf({ labels: ["bens"] }));
  });

  it("has counts read anew after a pause once an answer was saved", async () => {
    const { session, cache } = open();
    const stale = vi.spyOn(cache, "invalidateQueries");
    await load(session);
    session.edits.commit(["1"], "submitted", () => ({ labels: ["a"] }));
    await advance(500);
    expect(stale).not.toHaveBeenCalled();
    await advance(200);
    expect(stale).toHaveBeenCalled();
  });

  it("has counts read anew once in a while, however fast answers come, and when the page is left", async () => {
    const { session, cache, unmount } = open(INDIVIDUAL, false, 20_000);
    const stale = vi.spyOn(cache, "invalidateQueries");
    const answer = async (label: string) => {
      session.edits.commit(["1"], "submitted", () => ({ labels: [label] }));
      await advance(1_000);
    };
    await load(session);
    await answer("a");
    const first = stale.mock.calls.length;
    for (let each = 0; each < 10; each++) await answer(String(each));
    expect(stale).toHaveBeenCalledTimes(first);
    await advance(10_000);
    expect(stale).toHaveBeenCalledTimes(2 * first);
    await answer("b");
    unmount();
    expect(stale).toHaveBeenCalledTimes(3 * first);
  });

  it.each([0, 1])("shows an answer that arrived while its record was read, and what was read where none did", async (answers) => {
    const { session } = open();
    await load(session);
    const since = session.mark();
    if (answers) session.edits.commit(["1"], "submitted", () => ({ labels: ["a"] }));
    await advance();
    const stale = recordOf({ answer: submittedOf({ labels: ["b"] }), seen: "v1" });
    await act(() => session.load([stale], { since }));
    const label = answers ? "a" : "b";
    expect(session.edits.get("1")).toMatchObject({ now: submittedOf({ labels: [label] }), saved: submittedOf({ labels: [label] }) });
    await act(() => session.load([stale], { since: session.mark() }));
    expect(session.edits.get("1")?.now).toEqual(submittedOf({ labels: ["b"] }));
  });

  it("shows what an earlier visit left, though it arrives while its record is read for the first time", async () => {
    const first = open();
    const since = first.session.mark();
    await outbox.post({ dataset: INDIVIDUAL, id: "1", answer: draftOf({ text: "all of it" }), content: contentOf(recordOf()), seen: "v0" });
    await advance();
    await act(() => first.session.load([recordOf({ answer: draftOf({ text: "half" }), seen: "v1" })], { since }));
    expect(first.session.edits.get("1")).toMatchObject({ now: draftOf({ text: "all of it" }), saved: draftOf({ text: "all of it" }) });
  });

  it("draws a record again only when that record changes", async () => {
    const { session } = open();
    await act(() => session.load([recordOf({ id: "1" }), recordOf({ id: "2" })]));
    let drawn = 0;
    const { result } = renderHook(() => {
      drawn++;
      return useRecordEdit(session.edits, "1");
    });
    act(() => { session.edits.edit("2", { labels: ["a"] }); });
    expect(drawn).toBe(1);
    act(() => { session.edits.edit("1", { labels: ["a"] }); });
    expect([drawn, result.current?.now.state]).toEqual([2, "draft"]);
  });
});
