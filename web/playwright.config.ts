/** Journeys of people in a real browser, against the real server with the app as it was built. */

import { defineConfig } from "@playwright/test";

const port = Number(process.env["APPORTION_E2E_PORT"] ?? 6987);
const chromium = process.env["APPORTION_CHROMIUM"];

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  workers: 1,
  fullyParallel: false,
  timeout: 90_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  forbidOnly: true,
  use: {
    baseURL: `http://localhost:${String(port)}`,
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      ...(chromium ? { executablePath: chromium } : {}),
      // a browser of the superuser has no sandbox; the pages are our own
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    },
  },
  webServer: {
    command: `${process.env["APPORTION_PYTHON"] ?? "../.venv/bin/python"} e2e/serve.py ${String(port)}`,
    url: `http://localhost:${String(port)}/api/health`,
    reuseExistingServer: false,
    gracefulShutdown: { signal: "SIGTERM", timeout: 5_000 },
  },
});
