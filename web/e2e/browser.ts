/** The browser of the journeys. */

import type { LaunchOptions } from "@playwright/test";

const chromium = process.env["APPORTION_CHROMIUM"];

/**
 * Do without the optimising compilers of V8: a page lives for seconds here, and making its code faster for later took a
 * quarter of all that a browser computes. Whatever is timed runs without this.
 */
export const UNOPTIMISED = "--js-flags=--always-sparkplug --no-maglev --no-turbofan";

/** A browser without a screen, and with these arguments. */
export function browser(...more: readonly string[]): LaunchOptions {
  // that of the superuser has no sandbox; the pages are our own
  const args = ["--disable-gpu", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), ...more];
  return { ...(chromium ? { executablePath: chromium } : {}), args };
}
