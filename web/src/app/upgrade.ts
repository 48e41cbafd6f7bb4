/** After an upgrade of the server the files that an open page knows are gone: it is loaded anew, once. */

import { isServed, OfflineError } from "@/api/client";

const KEY = "apportion:reloaded";
/** A file that is missing this soon after is missing for another reason; then the page says so. */
const AGAIN_MS = 30_000;
/** Time after the network is back in which files may still be missed that were asked for without it. */
const LATE_MS = 5_000;
let onlineSince = -Infinity;

/** Answers and drafts are kept in the browser as they are made, so nothing is lost by this. */
export function reloadAfterUpgrade(): void {
  window.addEventListener("online", () => { onlineSince = Date.now(); });
  window.addEventListener("vite:preloadError", () => { if (!unasked) void reloadOnce(); });
  // styles that did not come would stand in the head as if they had, and not be asked for again
  window.addEventListener("error", ({ target }) => { if (target instanceof HTMLLinkElement && target.rel === "stylesheet") target.remove(); }, true);
}

/** Loads the page anew where somebody serves it: elsewhere the browser's own page would take the place of ours. */
export async function reloadIfServed(): Promise<void> {
  if (await isServed()) window.location.reload();
}

/**
 * Loads a page's file. Where there is none the app is loaded anew; where nobody serves it that is what is said, and not
 * how browsers call it, which the router would take for a reason to load the app anew by itself.
 */
export function fetching<File>(load: () => Promise<File>): () => Promise<File> {
  return async () => {
    try {
      return await load();
    } catch (failure) {
      const found = await reloadOnce();
      if (found === "reloads") return new Promise<never>(() => undefined); // the page is about to go
      throw found === "away" ? new OfflineError() : failure;
    }
  };
}

let unasked = 0;

/** Brings files that nobody has asked for yet: where they are gone, the page is loaded anew no sooner than somebody does. */
export async function bringUnasked(files: () => readonly Promise<unknown>[]): Promise<void> {
  unasked++;
  await Promise.allSettled(files());
  unasked--;
}

type Found = "reloads" | "away" | "again";
let asking: Promise<Found> | null = null;

/** Several files that are missed at once ask once. */
function reloadOnce(): Promise<Found> {
  asking ??= reload().finally(() => { asking = null; });
  return asking;
}

async function reload(): Promise<Found> {
  const before = navigator.onLine;
  if (!(await isServed())) return "away";
  // back just now: nothing says that the file is gone, and the event may come after the reply
  if (navigator.onLine !== before || Date.now() - onlineSince < LATE_MS) return "away";
  if (Date.now() - Number(sessionStorage.getItem(KEY) ?? 0) < AGAIN_MS) return "again";
  sessionStorage.setItem(KEY, String(Date.now()));
  window.location.reload();
  return "reloads";
}
