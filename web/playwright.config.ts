/** Journeys of people in a real browser, against the real server with the app as it was built. */

import { defineConfig } from "@playwright/test";

import { browser, UNOPTIMISED } from "./e2e/browser";
import { patience } from "./e2e/patience";

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  workers: Number(process.env["JOURNEY_WORKERS"] ?? 3), // on two cores, too: a journey waits for its page or its server a third of the time
  retries: 1, // on a server of its own, and reported as flaky: a busy machine may miss a moment
  fullyParallel: false,
  timeout: patience(90_000),
  expect: { timeout: patience(10_000) },
  reporter: [["list"]],
  forbidOnly: true,
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    contextOptions: { reducedMotion: "reduce" }, // every opened menu would be drawn a dozen times; one file has motion
    launchOptions: browser(UNOPTIMISED),
  },
});
