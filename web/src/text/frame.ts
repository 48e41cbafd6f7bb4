/** Texts of what stands around pages: the queue without its tools, the head of a dataset, actions on a phone. */

import { n } from "./en";

export const frameText = {
  nav: { label: "Dataset", records: "Records", team: "Team", rules: "Rules", settings: "Settings" },
  queue: {
    tools: "Search, filters and view",
    progress: (done: number, total: number) => `${n(done)} of ${n(total)} done`,
  },
  allDone: "All done. New work appears here as soon as somebody assigns it to you.",
  flag: "Flag",
  copySpan: "Copy down",
  taps: {
    how: "Tap the first word, then the last one.",
    last: (word: string) => `From “${word}”: tap the last word, or the same one again.`,
  },
} as const;
