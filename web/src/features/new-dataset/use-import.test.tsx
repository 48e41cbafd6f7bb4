// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { saveLabels, saveTags } from "@/api/dataset-settings";
import { sendRows } from "@/api/import";
import type { Row } from "@/core/file-rows";
import { SHARED } from "@/testing/records";

import { type ImportRequest, useImport } from "./use-import";

vi.mock("@/api/dataset-settings", () => ({ saveLabels: vi.fn(), saveTags: vi.fn() }));
vi.mock("@/api/import", () => ({ sendRows: vi.fn() }));

const request = (lines: readonly unknown[], part: Partial<ImportRequest> = {}): ImportRequest => ({
  source: { file: new File([lines.map((each) => JSON.stringify(each)).join("\n")], "a.jsonl"), kind: "jsonl", as: { encoding: "utf-8", header: true, sheet: null } },
  dataset: SHARED,
  columns: [{ name: "text", role: "text" }, { name: "label", role: "label" }],
  multiLabel: false,
  spans: {} as ImportRequest["spans"],
  labels: [],
  tags: {},
  exists: false,
  ...part,
});
const GOOD = [{ text: "one", label: "a" }, { text: "two", label: "b" }];

describe("bringing a file in", () => {
  let stored: string[];
  beforeEach(() => {
    vi.clearAllMocks();
    stored = [];
    vi.mocked(sendRows).mockImplementation((_dataset, sent, { dryRun, mapping }) => {
      const rows = sent as readonly Row[];
      const errors = rows.flatMap((each, at) => (each["text"] === "bad" ? [{ row: at + 1, column: "text", message: "bad" }] : []));
      if (!dryRun) stored.push(...rows.map((each) => String(each[mapping["id"] ?? ""])));
      return Promise.resolve({ records: rows.length - errors.length, errors, left_out: errors.length }) as ReturnType<typeof sendRows>;
    });
  });

  function open() {
    const cache = new QueryClient();
    const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={cache}>{children}</QueryClientProvider>;
    const { result } = renderHook(() => useImport(), { wrapper });
    return () => result.current;
  }

  it("stores a file at once in which nothing is wrong", async () => {
    const current = open();
    await act(() => current().begin(request(GOOD)));
    expect(current().state).toEqual({ step: "done", stored: 2, leftOut: 0, afterwards: null });
    expect(stored).toEqual(["1", "2"]);
  });

  it("asks before it stores one with rows that would be left out", async () => {
    const current = open();
    const half = request([...GOOD, { text: "bad" }]);
    await act(() => current().begin(half));
    expect(stored).toEqual([]);
    const { state } = current();
    if (state.step !== "checked") throw new Error(state.step);
    expect(state.checked).toMatchObject({ good: 2, leftOut: 1 });
    await act(() => current().store(half, state.checked));
    expect(current().state).toMatchObject({ step: "done", stored: 2, leftOut: 1 });
  });

  it("gives records of a dataset that exists ids that are new, and the same at every try", async () => {
    const current = open();
    await act(() => current().begin(request(GOOD, { exists: true })));
    await act(() => current().begin(request(GOOD, { exists: true })));
    expect(stored.slice(0, 2)).toEqual(stored.slice(2));
    expect(stored[0]).toMatch(/^[a-z0-9]+-1$/);
  });

  it("gives a new dataset the labels that were named and those that were found", async () => {
    const current = open();
    await act(() => current().begin(request(GOOD, { labels: ["b", "c"], tags: { lang: "en" } })));
    expect(vi.mocked(saveLabels).mock.calls[0]?.[1].map((each) => each.name)).toEqual(["b", "c", "a"]);
    expect(saveTags).toHaveBeenCalledWith(SHARED, { tags: { lang: "en" }, remove_tags: [] });
  });

  it("leaves the labels of a dataset that exists as they are", async () => {
    const current = open();
    await act(() => current().begin(request(GOOD, { exists: true, labels: ["b"] })));
    expect(saveLabels).not.toHaveBeenCalled();
  });

  it("says that records are stored though their labels could not be saved", async () => {
    vi.mocked(saveLabels).mockRejectedValue(new Error("no room"));
    const current = open();
    await act(() => current().begin(request(GOOD, { labels: ["a"] })));
    const { state } = current();
    expect(state).toMatchObject({ step: "done", stored: 2 });
    expect(state.step === "done" && state.afterwards).toContain("no room");
  });

  it("says what is wrong when the server fails, and begins anew", async () => {
    vi.mocked(sendRows).mockRejectedValue(new Error("not now"));
    const current = open();
    await act(() => current().begin(request(GOOD)));
    const { state } = current();
    expect(state.step === "failed" && state.message).toContain("not now.");
    act(() => { current().reset(); });
    expect(current().state).toEqual({ step: "idle" });
  });

  it("stops when somebody stops it, and stores nothing", async () => {
    const current = open();
    vi.mocked(sendRows).mockImplementation((_dataset, _rows, { signal }) => {
      current().stop();
      return Promise.reject(signal?.reason instanceof Error ? signal.reason : new Error("stopped"));
    });
    await act(() => current().begin(request(GOOD)));
    expect(current().state.step).toBe("failed");
    expect(stored).toEqual([]);
  });
});
