// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { applyToAll, type BulkChange, findJob, type Job, undoJob } from "@/api/jobs";
import { useOutbox } from "@/app/outbox-provider";
import { recordOf, SHARED } from "@/testing/records";
import { outboxOf, sessionOf } from "@/testing/session";

import { useBulkJob } from "./use-bulk-job";

vi.mock("@/api/jobs", () => ({ applyToAll: vi.fn(), findJob: vi.fn(), undoJob: vi.fn(), hasEnded: ({ state }: Job) => state !== "running" }));
vi.mock("@/app/outbox-provider", () => ({ useOutbox: vi.fn() }));

const job = (id: string, state: string, part: Partial<Job> = {}) => ({ id, state, undoable: state === "done", ...part }) as Job;
const CHANGE = {} as BulkChange;

describe("a change to all records that match", () => {
  let now: Job;
  beforeEach(() => {
    vi.clearAllMocks();
    vi.useFakeTimers();
    now = job("j1", "running");
    vi.mocked(applyToAll).mockImplementation(() => Promise.resolve(now));
    vi.mocked(findJob).mockImplementation(() => Promise.resolve(now));
    vi.mocked(undoJob).mockImplementation(() => Promise.resolve((now = job("j2", "running"))));
  });
  afterEach(() => { vi.useRealTimers(); });
  const advance = (ms = 0) => act(() => vi.advanceTimersByTimeAsync(ms));

  async function begin() {
    const cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
    const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={cache}>{children}</QueryClientProvider>;
    const outbox = outboxOf();
    vi.mocked(useOutbox).mockReturnValue(outbox);
    const session = sessionOf([recordOf()]);
    const { result } = renderHook(() => useBulkJob(SHARED, session), { wrapper });
    act(() => { result.current.begin(CHANGE); });
    await advance();
    return { bulk: () => result.current, session, forgotten: vi.spyOn(outbox, "forgetSeen"), stale: vi.spyOn(cache, "invalidateQueries") };
  }
  const undo = async (bulk: () => ReturnType<typeof useBulkJob>) => {
    let done = false;
    act(() => { done = bulk().undo(); });
    await advance();
    return done;
  };

  it("is followed until it has ended, and then what records say is read anew", async () => {
    const { bulk, forgotten, stale } = await begin();
    expect(bulk()).toMatchObject({ running: true, undoes: false });
    expect(stale).not.toHaveBeenCalled();
    now = job("j1", "done");
    await advance(500);
    expect(bulk()).toMatchObject({ running: false, job: { state: "done" } });
    expect(forgotten).toHaveBeenCalledWith(SHARED);
    expect(stale).toHaveBeenCalled();
    const looks = vi.mocked(findJob).mock.calls.length;
    await advance(5_000);
    expect(vi.mocked(findJob).mock.calls.length).toBe(looks);
  });

  it("is taken back once it has ended, and taking back is followed in turn", async () => {
    const { bulk } = await begin();
    expect(await undo(bulk)).toBe(false); // it still runs
    now = job("j1", "done");
    await advance(500);
    expect(await undo(bulk)).toBe(true);
    expect(undoJob).toHaveBeenCalledWith("j1");
    expect(bulk()).toMatchObject({ running: true, undoes: true });
    now = job("j2", "done");
    await advance(500);
    expect(await undo(bulk)).toBe(false); // nothing is left to take back
  });

  it("is not what undo means once something else was done on the page", async () => {
    const { bulk, session } = await begin();
    now = job("j1", "done");
    await advance(500);
    session.edits.edit("1", { labels: ["a"] });
    expect(await undo(bulk)).toBe(false);
    session.edits.undo();
    expect(await undo(bulk)).toBe(true);
  });

  it("says why it did not begin, until that was read", async () => {
    vi.mocked(applyToAll).mockRejectedValue(new Error("not now"));
    const { bulk } = await begin();
    expect(bulk()).toMatchObject({ running: false, job: null });
    expect(bulk().failure?.message).toBe("not now");
    act(() => { bulk().dismiss(); });
    await advance();
    expect(bulk().failure).toBeNull();
  });
});
