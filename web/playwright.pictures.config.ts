/** `make pictures`: what the documentation shows, taken from the demo as `make quickstart` starts it. */

import { defineConfig } from "@playwright/test";

import { patience } from "./e2e/patience";
import journeys from "./playwright.config";

export const port = Number(process.env["APPORTION_E2E_PORT"] ?? 6988);
const apportion = (process.env["APPORTION_PYTHON"] ?? "../.venv/bin/python").replace(/python$/, "apportion");

export default defineConfig({
  ...journeys,
  testDir: "pictures",
  workers: 1,
  retries: 0,
  use: { ...journeys.use, colorScheme: "light", contextOptions: { reducedMotion: "reduce" } },
  webServer: {
    command: `sh -c 'home=$(mktemp -d); env -u APPORTION_PYTHON -u APPORTION_CHROMIUM ${apportion} quickstart --no-browser --port ${String(port)} --home "$home"; rm -rf "$home"'`,
    url: `http://localhost:${String(port)}/api/health`,
    reuseExistingServer: false,
    gracefulShutdown: { signal: "SIGTERM", timeout: patience(5_000) },
    timeout: patience(120_000),
  },
});
