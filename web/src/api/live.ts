/** Events of a dataset, as they happen. One stream for all windows of a browser that watch the same dataset. */

import type { DatasetRef } from "@/core/model";

import { base } from "./client";

const AGAIN = 10_000;

/**
 * Calls `onEvent` whenever something happens, and `onState` when the connection comes or goes. Whoever gets the lock
 * holds the stream and tells the others. Hidden windows let go of it: a browser has few connections to one server.
 */
export function subscribeToDataset(dataset: DatasetRef, onEvent: () => void, onState: (live: boolean) => void): () => void {
  const name = `apportion:${base}:${dataset.workspace}:${dataset.name}`;
  const channel = new BroadcastChannel(name);
  let stop: () => void = () => undefined;
  const notify = (what: "event" | "live" | "gone") => {
    if (what === "event") onEvent();
    else onState(what === "live");
  };
  channel.onmessage = (message: MessageEvent<"event" | "live" | "gone">) => { notify(message.data); };
  const both = (what: "event" | "live" | "gone") => {
    channel.postMessage(what);
    notify(what);
  };

  function start() {
    const leaving = new AbortController();
    stop = () => { leaving.abort(); };
    const hold = () => stream(dataset, both, leaving.signal);
    // browsers have locks only on https and on this machine; elsewhere every window has a stream of its own
    if (!("locks" in navigator)) void hold();
    else navigator.locks.request(name, { signal: leaving.signal }, hold).catch(() => undefined); // gave up waiting
  }

  function onVisible() {
    stop();
    if (document.hidden) return;
    onEvent(); // what was missed
    start();
  }

  if (!document.hidden) start();
  document.addEventListener("visibilitychange", onVisible);
  return () => {
    document.removeEventListener("visibilitychange", onVisible);
    stop();
    channel.close();
  };
}

/** Lasts until `leaving`. */
function stream(dataset: DatasetRef, notify: (what: "event" | "live" | "gone") => void, leaving: AbortSignal): Promise<void> {
  return new Promise((done) => {
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    function connect() {
      const query = new URLSearchParams({ dataset: dataset.name, workspace: dataset.workspace });
      source = new EventSource(`${base}api/events?${query.toString()}`);
      source.onopen = () => { notify("live"); };
      source.onmessage = () => { notify("event"); };
      source.onerror = () => {
        notify("gone");
        if (source?.readyState === EventSource.CLOSED) timer = setTimeout(connect, AGAIN); // the browser gave up
      };
    }
    connect();
    leaving.addEventListener("abort", () => {
      source?.close();
      clearTimeout(timer);
      done();
    });
  });
}
