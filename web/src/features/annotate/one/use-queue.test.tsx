// @vitest-environment jsdom
import { act, renderHook, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "@/api/client";
import { findRecord, findRecords } from "@/api/records";
import { onSessionEnd } from "@/app/query-client";
import type { AppRecord } from "@/core/model";
import { DEFAULT_VIEW, type View } from "@/core/view";
import { recordOf, SHARED } from "@/testing/records";
import { recordsOf, searchOver, sessionOf } from "@/testing/session";

import { useQueue } from "./use-queue";

vi.mock("@/api/records", () => ({ findRecord: vi.fn(), findRecords: vi.fn() }));
const search = vi.mocked(findRecords);

const OPEN_ONLY: View = { ...DEFAULT_VIEW, filters: { status: ["Default"] } };
const ids = (from: number, to: number) => recordsOf(from, to).map((each) => each.id);
const froms = () => search.mock.calls.map(([, , page]) => page.from);

describe("the queue of what matches a search", () => {
  let matching: AppRecord[];
  beforeEach(() => {
    vi.clearAllMocks();
    matching = recordsOf(0, 50);
    search.mockImplementation(searchOver(() => matching));
  });

  /** Shows the queue with the record of this number in front. */
  function open(view: View = DEFAULT_VIEW, session = sessionOf()) {
    const shown = renderHook(({ front, view }: { front: number; view: View }) => useQueue(SHARED, view, session, () => front), { initialProps: { front: 0, view } });
    return { ...shown, session, queue: () => shown.result.current };
  }

  it("reads a chunk, lays its records down, and says how many there are", async () => {
    const { queue, session } = open();
    expect(queue()).toMatchObject({ loading: true, ids: [] });
    await waitFor(() => { expect(queue().loading).toBe(false); });
    expect(queue()).toMatchObject({ ids: ids(0, 20), total: 50, complete: false, failure: null });
    expect(session.edits.get("19")).toBeDefined();
    expect(search).toHaveBeenCalledTimes(1);
  });

  it("reads on only when few records lie ahead", async () => {
    const { queue, rerender } = open();
    await waitFor(() => { expect(queue().ids).toHaveLength(20); });
    rerender({ front: 13, view: DEFAULT_VIEW });
    expect(search).toHaveBeenCalledTimes(1);
    rerender({ front: 14, view: DEFAULT_VIEW });
    await waitFor(() => { expect(queue().ids).toEqual(ids(0, 40)); });
    rerender({ front: 39, view: DEFAULT_VIEW });
    await waitFor(() => { expect(queue()).toMatchObject({ ids: ids(0, 50), complete: true }); });
    expect(froms()).toEqual([0, 20, 40]);
  });

  it("loses no record when answered ones no longer match and those after them move up", async () => {
    const { queue, session, rerender } = open(OPEN_ONLY);
    await waitFor(() => { expect(queue().ids).toHaveLength(20); });
    act(() => { session.edits.commit(ids(0, 15), "submitted", () => ({ labels: ["x"] })); });
    matching = matching.slice(15);
    rerender({ front: 15, view: OPEN_ONLY });
    await waitFor(() => { expect(queue().ids.length).toBeGreaterThan(20); });
    expect(queue().ids).toEqual(ids(0, 40));
    expect(froms()).toEqual([0, 5]);
  });

  it("starts at the linked record, though it is not among the first", async () => {
    vi.mocked(findRecord).mockResolvedValue(recordOf({ id: "linked" }));
    const { queue } = open({ ...DEFAULT_VIEW, record: "linked" });
    await waitFor(() => { expect(queue().ids).toHaveLength(21); });
    expect(queue().ids.slice(0, 2)).toEqual(["linked", "0"]);
  });

  it("shows a linked record once, where it is among the first", async () => {
    vi.mocked(findRecord).mockResolvedValue(recordOf({ id: "3" }));
    const { queue } = open({ ...DEFAULT_VIEW, record: "3" });
    await waitFor(() => { expect(queue().ids).toEqual(ids(0, 20)); });
  });

  it("begins anew with another search, and keeps nothing of the one before", async () => {
    const { queue, rerender } = open();
    await waitFor(() => { expect(queue().ids).toHaveLength(20); });
    matching = recordsOf(100, 103);
    rerender({ front: 0, view: { ...DEFAULT_VIEW, q: "fox" } });
    expect(queue()).toMatchObject({ loading: true, ids: [] });
    await waitFor(() => { expect(queue()).toMatchObject({ ids: ids(100, 103), total: 3, complete: true }); });
  });

  it("shows what the last search finds, though one before it is answered after it", async () => {
    const find = searchOver(() => matching);
    let answer: () => void = () => undefined;
    const { queue, rerender } = open();
    await waitFor(() => { expect(queue().ids).toHaveLength(20); });
    search.mockImplementationOnce(async (dataset, body, page) => {
      await new Promise<void>((resolve) => { answer = resolve; });
      return find(dataset, body, page);
    });
    rerender({ front: 0, view: { ...DEFAULT_VIEW, q: "fo" } });
    rerender({ front: 0, view: { ...DEFAULT_VIEW, q: "fox" } });
    await waitFor(() => { expect(queue()).toMatchObject({ ids: ids(0, 20), loading: false }); });
    await act(async () => { answer(); await new Promise((resolve) => setTimeout(resolve, 20)); });
    expect(queue()).toMatchObject({ ids: ids(0, 20), loading: false });
  });

  it("is complete and empty where nothing matches", async () => {
    matching = [];
    const { queue } = open();
    await waitFor(() => { expect(queue()).toMatchObject({ loading: false, ids: [], complete: true, total: 0 }); });
  });

  it("says what went wrong, does not ask again by itself, and reads when it is asked to", async () => {
    search.mockRejectedValueOnce(new ApiError(503, "Unavailable", "not now"));
    const { queue } = open();
    await waitFor(() => { expect(queue().failure?.message).toBe("not now"); });
    expect(search).toHaveBeenCalledTimes(1);
    act(() => { queue().reload(); });
    await waitFor(() => { expect(queue()).toMatchObject({ ids: ids(0, 20), failure: null }); });
  });

  it("keeps what it has when reading on fails", async () => {
    const { queue, rerender } = open();
    await waitFor(() => { expect(queue().ids).toHaveLength(20); });
    search.mockRejectedValueOnce("odd");
    rerender({ front: 19, view: DEFAULT_VIEW });
    await waitFor(() => { expect(queue().failure?.message).toBe("odd"); });
    expect(queue().ids).toEqual(ids(0, 20));
  });

  it("says that the session has ended", async () => {
    const ended = vi.fn();
    const stop = onSessionEnd(ended);
    search.mockRejectedValueOnce(new ApiError(401, "", "who?"));
    open();
    await waitFor(() => { expect(ended).toHaveBeenCalledTimes(1); });
    stop();
  });
});
