/** Words for those who hear the page: said by the browser where it can, else through a place whose changes are read out. */

import { useCallback, useRef } from "react";

export function useSpoken(): { say: (words: string) => void; place: React.ReactNode } {
  const place = useRef<HTMLSpanElement>(null);
  const say = useCallback((words: string) => {
    const { ariaNotify } = document as { ariaNotify?: (words: string) => void };
    if (ariaNotify) ariaNotify.call(document, words);
    // not drawn by React, so that the same words can be said twice
    else if (place.current) place.current.textContent = words;
  }, []);
  return { say, place: <span ref={place} className="sr-only" role="status" /> };
}
