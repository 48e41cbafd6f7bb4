/** Texts of what stands around pages: the queue without its tools, the head of a dataset, marking with a finger. */

import { msg, texts } from "./catalogue";

export const frameText = texts("frame", {
  nav: { label: "Dataset", records: "Records", team: "Team", rules: "Rules", settings: "Settings" },
  queue: {
    tools: "Search, filters and view",
    progress: msg(["done", "total"], "{done, number} of {total, number} done"),
  },
  allDone: "All done. New work appears here as soon as someone assigns it to you.",
  flag: "Comment",
  copySpan: "Copy down",
  taps: {
    how: "Tap the first word, then the last one.",
    last: msg(["word"], "From “{word}”: tap the last word, or the same one again."),
  },
});
