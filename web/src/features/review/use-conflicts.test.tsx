// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { mostDisputed } from "@/api/agreement";
import { findRecord, findRecords } from "@/api/records";
import type { AppRecord } from "@/core/model";
import { DEFAULT_VIEW, type View } from "@/core/view";
import { INDIVIDUAL, recordOf } from "@/testing/records";
import { recordsOf, searchOver } from "@/testing/session";

import { inConflict, useConflicts } from "./use-conflicts";

vi.mock("@/api/agreement", () => ({ mostDisputed: vi.fn() }));
vi.mock("@/api/records", () => ({ findRecord: vi.fn(), findRecords: vi.fn() }));

const SORTED: View = { ...DEFAULT_VIEW, sort: ["id"] };

it("narrows a search to conflicts, whatever the search says", () => {
  expect(inConflict(DEFAULT_VIEW).q).toBe("conflict:true");
  expect(inConflict({ ...DEFAULT_VIEW, q: "a OR b" }).q).toBe("(a OR b) AND conflict:true");
});

describe("the conflicts of a dataset", () => {
  let matching: AppRecord[];
  let settled: Set<string>;
  beforeEach(() => {
    vi.clearAllMocks();
    matching = recordsOf(0, 45);
    settled = new Set();
    vi.mocked(findRecords).mockImplementation(searchOver(() => matching));
    vi.mocked(mostDisputed).mockResolvedValue(null);
  });

  function open(view: View = SORTED, first: string | null = null) {
    const cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
    const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={cache}>{children}</QueryClientProvider>;
    const { result } = renderHook(() => useConflicts(INDIVIDUAL, view, first, settled), { wrapper });
    return () => result.current;
  }
  const ids = (conflicts: () => ReturnType<typeof useConflicts>) => conflicts().records.map((each) => each.id);
  const expected = (from: number, to: number) => recordsOf(from, to).map((each) => each.id);

  it("are read a chunk at a time, in the order of the search", async () => {
    const conflicts = open();
    await waitFor(() => { expect(conflicts().loading).toBe(false); });
    expect(ids(conflicts)).toEqual(expected(0, 20));
    expect(conflicts()).toMatchObject({ total: 45, complete: false });
    act(() => { conflicts().more(); });
    await waitFor(() => { expect(ids(conflicts)).toEqual(expected(0, 40)); });
    act(() => { conflicts().more(); });
    await waitFor(() => { expect(conflicts()).toMatchObject({ complete: true }); });
    expect(ids(conflicts)).toEqual(expected(0, 45));
  });

  it("skip none when settled ones no longer match and those after them move up", async () => {
    const conflicts = open();
    await waitFor(() => { expect(conflicts().records).toHaveLength(20); });
    for (const id of expected(0, 5)) settled.add(id);
    matching = matching.slice(5);
    act(() => { conflicts().more(); });
    await waitFor(() => { expect(conflicts().records.length).toBeGreaterThan(20); });
    expect(ids(conflicts).slice(0, 25)).toEqual(expected(0, 25));
  });

  it("begin with a record that somebody was led to, which is there once", async () => {
    vi.mocked(findRecord).mockResolvedValue(recordOf({ id: "linked" }));
    const conflicts = open(SORTED, "linked");
    await waitFor(() => { expect(ids(conflicts).slice(0, 2)).toEqual(["linked", "0"]); });
    vi.mocked(findRecord).mockResolvedValue(recordOf({ id: "3" }));
    const again = open(SORTED, "3");
    await waitFor(() => { expect(again().records).toHaveLength(20); });
    expect(new Set(ids(again)).size).toBe(20);
  });

  it("are empty and complete where people agree", async () => {
    matching = [];
    const conflicts = open();
    await waitFor(() => { expect(conflicts()).toMatchObject({ loading: false, complete: true, total: 0, records: [] }); });
  });

  it("say why they could not be read", async () => {
    vi.mocked(findRecords).mockRejectedValue(new Error("not now"));
    const conflicts = open();
    await waitFor(() => { expect(conflicts().failure?.message).toBe("not now"); });
  });
});
