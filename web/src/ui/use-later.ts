/** Doing something that nobody waits for once the page has been quiet for a while. */

import { useEffect } from "react";

/** By then everything is there that the page begins with. */
const LATER_MS = 4_000;

export function useLater(ready: boolean, act: () => void): void {
  useEffect(() => {
    if (!ready) return undefined;
    let idle = 0;
    const timer = setTimeout(() => {
      // not every browser says when it has nothing to do
      if ("requestIdleCallback" in window) idle = window.requestIdleCallback(act);
      else act();
    }, LATER_MS);
    return () => {
      clearTimeout(timer);
      if (idle) window.cancelIdleCallback(idle);
    };
  }, [ready, act]);
}
