/** For tests of components: what jsdom lacks and Mantine asks for. */

import { afterAll, afterEach, vi } from "vitest";

if (typeof document !== "undefined") {
  vi.stubGlobal("matchMedia", (query: string) => ({
    matches: false,
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() { /* nothing is laid out here */ }
      unobserve() { /* nothing is laid out here */ }
      disconnect() { /* nothing is laid out here */ }
    },
  );
  const { cleanup } = await import("@testing-library/react");
  afterEach(cleanup);
}

// files share a process
afterAll(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.resetModules();
});
