// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";

import { isServed, OfflineError } from "@/api/client";

import { fetching, reloadAfterUpgrade } from "./upgrade";

vi.mock("@/api/client", () => ({ isServed: vi.fn(), OfflineError: class OfflineError extends Error {} }));

describe("a file that is not there", () => {
  const reload = vi.fn();
  const missing = fetching(() => Promise.reject<string>(new TypeError("Failed to fetch dynamically imported module")));
  beforeEach(() => {
    reload.mockReset();
    sessionStorage.clear();
    vi.stubGlobal("location", { reload });
  });

  it("loads nothing anew while nobody serves the app", async () => {
    vi.mocked(isServed).mockResolvedValue(false);
    await expect(missing()).rejects.toThrow(OfflineError);
    expect(reload).not.toHaveBeenCalled();
  });

  it("loads the app anew where it is served, once, and else says what is wrong", async () => {
    vi.mocked(isServed).mockResolvedValue(true);
    void missing();
    void missing();
    await vi.waitFor(() => { expect(reload).toHaveBeenCalledTimes(1); });
    await expect(missing()).rejects.toThrow("Failed to fetch");
    expect(reload).toHaveBeenCalledTimes(1);
  });

  it("loads nothing anew for what was missed without a network, once there is one again", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    reloadAfterUpgrade();
    vi.mocked(isServed).mockImplementation(() => {
      window.dispatchEvent(new Event("online"));
      return Promise.resolve(true);
    });
    await expect(missing()).rejects.toThrow(OfflineError);
    const onLine = vi.spyOn(navigator, "onLine", "get").mockReturnValueOnce(false);
    vi.mocked(isServed).mockResolvedValue(true);
    vi.advanceTimersByTime(5_000);
    await expect(missing()).rejects.toThrow(OfflineError);
    expect(onLine).toHaveBeenCalledTimes(2);
    expect(reload).not.toHaveBeenCalled();
    void missing();
    await vi.waitFor(() => { expect(reload).toHaveBeenCalledTimes(1); });
    vi.useRealTimers();
  });

  it("is not asked about where there is one", async () => {
    vi.mocked(isServed).mockClear();
    await expect(fetching(() => Promise.resolve("page"))()).resolves.toBe("page");
    expect(isServed).not.toHaveBeenCalled();
  });
});
