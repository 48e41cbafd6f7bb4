// @vitest-environment jsdom
import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError, OfflineError } from "@/api/client";
import { type Claim, claim, keepLeases, releaseLeases, skipRecord, takeSkipBack } from "@/api/queue";
import { useOutbox } from "@/app/outbox-provider";
import type { Outbox, Outcome } from "@/core/outbox";
import { DEFAULT_VIEW } from "@/core/view";
import { INDIVIDUAL, recordOf, submittedOf } from "@/testing/records";
import { outboxOf, sessionOf } from "@/testing/session";

import { useClaims } from "./use-claims";

vi.mock("@/api/queue", () => ({ claim: vi.fn(), keepLeases: vi.fn(), releaseLeases: vi.fn(), skipRecord: vi.fn(), takeSkipBack: vi.fn() }));
vi.mock("@/app/outbox-provider", () => ({ useOutbox: vi.fn() }));

const leased = (ids: readonly string[], left = 0, why: Claim["why"] = null): Claim => ({
  items: ids.map((id) => ({ record: recordOf({ id }), token: `lease ${id}`, reason: `because of ${id}`, due: null })),
  left,
  why,
});

describe("the queue of what was assigned to me", () => {
  let answers: Claim[];
  let outbox: Outbox;
  let sending: () => Promise<Outcome>;
  beforeEach(() => {
    vi.clearAllMocks();
    vi.useFakeTimers();
    answers = [];
    sending = () => Promise.resolve({ kind: "saved", seen: "v1" });
    outbox = outboxOf(() => sending());
    vi.mocked(useOutbox).mockReturnValue(outbox);
    void outbox.open();
    vi.mocked(claim).mockImplementation(() => Promise.resolve(answers.shift() ?? leased([], 0, "all_done")));
    vi.mocked(keepLeases).mockResolvedValue([]);
    vi.mocked(releaseLeases).mockResolvedValue();
    vi.mocked(skipRecord).mockResolvedValue("others");
    vi.mocked(takeSkipBack).mockResolvedValue("lease again");
  });
  afterEach(() => { vi.useRealTimers(); });

  const advance = (ms = 0) => act(() => vi.advanceTimersByTimeAsync(ms));

  async function open(...given: Claim[]) {
    answers.push(...given);
    const session = sessionOf();
    const shown = renderHook(({ front }) => useClaims(INDIVIDUAL, DEFAULT_VIEW, session, () => front), { initialProps: { front: 0 } });
    await advance();
    return { ...shown, session, claims: () => shown.result.current };
  }

  it("leases a few records, and says how many there are for me in all", async () => {
    const { claims, session } = await open(leased([..."abcdefgh"], 5));
    expect(claims()).toMatchObject({ ids: [..."abcdefgh"], left: 13, passed: 8, loading: false });
    expect(session.tokens.get("a")).toBe("lease a");
    expect(claims().reasonOf("b")).toBe("because of b");
    expect(claims().reasonOf("z")).toBeNull();
  });

  it("counts what I have answered no longer as left", async () => {
    const { claims, session, rerender } = await open(leased([..."abcdefgh"], 5));
    session.edits.commit(["a"], "submitted", () => ({ labels: ["x"] }));
    rerender({ front: 1 });
    await advance();
    expect(claims()).toMatchObject({ left: 12, passed: 7 });
  });

  it("asks for more while few lie ahead, and appends what is new", async () => {
    const { claims, rerender } = await open(leased([..."abcdefgh"], 4));
    const asked = vi.mocked(claim).mock.calls.length;
    answers.push(leased(["c", "d", "i", "j"], 2));
    rerender({ front: 5 });
    await advance();
    expect(vi.mocked(claim).mock.calls.length).toBeGreaterThan(asked);
    expect(claims().ids).toEqual([..."abcdefghij"]);
  });

  it("is complete only once there was nothing new after the last record", async () => {
    const { claims, rerender } = await open(leased(["a"]));
    expect(claims().complete).toBe(false);
    rerender({ front: 1 });
    await advance();
    expect(claims()).toMatchObject({ complete: true, why: "all_done" });
  });

  it("says why there is nothing", async () => {
    const { claims } = await open(leased([], 0, "paused"));
    expect(claims()).toMatchObject({ ids: [], loading: false, why: "paused" });
  });

  it("keeps the leases of what is open while the page is seen, and of nothing else", async () => {
    const { session } = await open(leased(["a", "b"]));
    session.edits.commit(["a"], "submitted", () => ({ labels: ["x"] }));
    await advance(3_000);
    expect(vi.mocked(keepLeases)).toHaveBeenLastCalledWith(INDIVIDUAL, [{ id: "b", token: "lease b" }]);
    const beats = vi.mocked(keepLeases).mock.calls.length;
    vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    await advance(120_000);
    expect(vi.mocked(keepLeases).mock.calls.length).toBe(beats);
    vi.restoreAllMocks();
  });

  it("takes a lease up again that was lost for a moment", async () => {
    const { claims, session } = await open(leased(["a", "b"]));
    vi.mocked(keepLeases).mockResolvedValueOnce(["a"]);
    answers.splice(0, answers.length, leased(["a", "b"]));
    await advance(3_000);
    expect(session.tokens.get("a")).toBe("lease a");
    expect(claims().lost.size).toBe(0);
  });

  it("takes records away that went to somebody else, but for the one in front", async () => {
    const { claims } = await open(leased(["a", "b", "c"]));
    vi.mocked(keepLeases).mockResolvedValueOnce(["a", "b"]);
    answers.splice(0, answers.length, leased(["c"]));
    await advance(3_000);
    expect([...claims().lost]).toEqual(["a", "b"]);
    expect(claims().ids).toEqual(["a", "c"]);
  });

  it("gives back what was not begun when the page is left", async () => {
    const { session, unmount } = await open(leased(["a", "b"]));
    session.edits.edit("a", { labels: ["x"] });
    unmount();
    expect(vi.mocked(releaseLeases)).toHaveBeenCalledWith(INDIVIDUAL, [{ id: "b", token: "lease b" }]);
  });

  it("takes a skipped record out, with the reason for those who manage", async () => {
    const { claims, session } = await open(leased(["a", "b"]));
    await act(async () => { expect(await claims().skip("a", "too long")).toBe("others"); });
    expect(skipRecord).toHaveBeenCalledWith(INDIVIDUAL, "a", "lease a", "too long");
    expect(claims().ids).toEqual(["b"]);
    expect(session.tokens.has("a")).toBe(false);
  });

  it("takes a record out that is somebody else's by the time it is skipped", async () => {
    const { claims } = await open(leased(["a", "b"]));
    vi.mocked(skipRecord).mockRejectedValueOnce(new ApiError(409, "LeaseLostError", "gone"));
    await act(async () => { expect(await claims().skip("a", null)).toBe("gone"); });
    expect(claims().ids).toEqual(["b"]);
  });

  it("keeps a record whose skipping failed", async () => {
    const { claims } = await open(leased(["a", "b"]));
    vi.mocked(skipRecord).mockRejectedValueOnce(new OfflineError());
    await act(async () => { await expect(claims().skip("a", null)).rejects.toThrow(OfflineError); });
    expect(claims().ids).toEqual(["a", "b"]);
  });

  it("brings a record back to the front, once", async () => {
    const { claims } = await open(leased(["a"]));
    await act(() => claims().bring(recordOf({ id: "z", answer: submittedOf({ labels: ["x"] }) })));
    await act(() => claims().bring(recordOf({ id: "z" })));
    expect(claims().ids).toEqual(["z", "a"]);
  });

  it("keeps what lies here when the network fails, and asks again when it is back", async () => {
    const { claims, rerender } = await open(leased(["a", "b"], 3));
    vi.mocked(claim).mockRejectedValueOnce(new OfflineError());
    rerender({ front: 2 });
    await advance();
    const before = claims();
    expect(before.ids).toEqual(["a", "b"]);
    answers.push(leased(["a", "b", "c"], 2));
    await act(() => { window.dispatchEvent(new Event("online")); return vi.advanceTimersByTimeAsync(0); });
    expect(claims()).toMatchObject({ failure: null });
    expect(claims().ids).toContain("c");
  });

  it("waits with asking until answers on their way have arrived, since their records would come once more", async () => {
    let arrive: (outcome: Outcome) => void = () => undefined;
    sending = () => new Promise((done) => { arrive = done; });
    await outbox.post({ dataset: INDIVIDUAL, id: "z", answer: submittedOf({ labels: ["x"] }), content: "", seen: "v1" });
    const { claims } = await open(leased(["a"]));
    expect(claim).not.toHaveBeenCalled();
    arrive({ kind: "saved", seen: "v2" });
    await advance();
    expect(claims().ids).toEqual(["a"]);
  });

  it("shows an answer that arrived while more was asked for as given, and counts it no longer", async () => {
    const { claims, session, rerender } = await open(leased([..."abcdef"], 3));
    const replies: ((found: Claim) => void)[] = [];
    vi.mocked(claim).mockImplementation(() => new Promise((resolve) => { replies.push(resolve); }));
    rerender({ front: 5 });
    await advance();
    rerender({ front: 6 }); // faster than the server
    await advance();
    replies[0]?.(leased(["g", "h", "i"]));
    await advance();
    session.edits.commit(["g"], "submitted", () => ({ labels: ["x"] }));
    replies[1]?.(leased(["g", "h", "i"]));
    await advance();
    expect(session.edits.get("g")?.now.state).toBe("submitted");
    rerender({ front: 7 });
    expect(claims()).toMatchObject({ ids: [..."abcdefghi"], left: 8 });
  });

  it("shows what the last search finds, though one before it is answered after it", async () => {
    const replies: ((found: Claim) => void)[] = [];
    vi.mocked(claim).mockImplementation(() => new Promise((resolve) => { replies.push(resolve); }));
    const session = sessionOf();
    const { result, rerender } = renderHook(({ q }) => useClaims(INDIVIDUAL, { ...DEFAULT_VIEW, q }, session, () => 0), { initialProps: { q: "fo" } });
    await advance();
    rerender({ q: "fox" });
    await advance();
    replies[1]?.(leased([..."abcdefg"]));
    await advance();
    replies[0]?.(leased(["z"]));
    await advance();
    expect(result.current).toMatchObject({ ids: [..."abcdefg"], loading: false });
  });

  it("takes the last skip back to the front, with a lease of its own, and then the one before", async () => {
    const { claims, session } = await open(leased(["a", "b", "c"]));
    await act(() => claims().skip("a", null));
    await act(() => claims().skip("b", null));
    await act(async () => { expect(await claims().undoSkip()).toBe("b"); });
    expect(claims().ids).toEqual(["b", "c"]);
    expect(session.tokens.get("b")).toBe("lease again");
    await act(async () => { expect(await claims().undoSkip()).toBe("a"); });
    await act(async () => { expect(await claims().undoSkip()).toBeNull(); });
  });

  it("takes back a skip that is still under way, after what was answered meanwhile", async () => {
    const { claims, session } = await open(leased([..."abcdefgh"]));
    for (const answered of [false, true]) {
      let arrive: () => void = () => undefined;
      vi.mocked(skipRecord).mockReturnValueOnce(new Promise((resolve) => { arrive = () => { resolve("others"); }; }));
      const skipping = claims().skip("a", null);
      if (answered) session.edits.commit(["b"], "submitted", () => ({ labels: ["x"] }));
      const undone = claims().undoSkip();
      await act(async () => { arrive(); await skipping; });
      await act(async () => { expect(await undone).toBe(answered ? null : "a"); });
    }
  });

  it("takes no skip back before what was answered after it", async () => {
    const { claims, session } = await open(leased(["a", "b"]));
    await act(() => claims().skip("a", null));
    session.edits.commit(["b"], "submitted", () => ({ labels: ["x"] }));
    await act(async () => { expect(await claims().undoSkip()).toBeNull(); });
    session.edits.undo();
    await act(async () => { expect(await claims().undoSkip()).toBe("a"); });
  });
});
