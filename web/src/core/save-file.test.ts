// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { saveFile } from "./save-file";

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

it("hands the file over under its name, and lets go of it when the browser has it", () => {
  const clicked: { href: string; download: string }[] = [];
  URL.createObjectURL = vi.fn(() => "blob:1"); // jsdom has neither
  URL.revokeObjectURL = vi.fn();
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    clicked.push({ href: this.href, download: this.download });
  });
  saveFile(new Blob(["a"]), "audit.csv");
  expect(clicked).toEqual([{ href: "blob:1", download: "audit.csv" }]);
  expect(URL.revokeObjectURL).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60_000);
  expect(URL.revokeObjectURL).toHaveBeenCalledWith("blob:1");
});
