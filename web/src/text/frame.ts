/** Texts of what stands around pages: the queue without its tools, the head of a dataset, actions on a phone. */

import { n } from "./en";

export const frameText = {
  queue: {
    tools: "Search, filters and view",
    progress: (done: number, total: number) => `${n(done)} of ${n(total)} done`,
    moreLabel: "More",
  },
  flag: "Flag",
  taps: {
    how: "Tap the first word, then the last one.",
    last: (word: string) => `From “${word}”: tap the last word, or the same one again.`,
  },
} as const;
