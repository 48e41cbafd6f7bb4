/** Texts of the annotation screen beyond the first ones in `en.ts`: spans, predictions, guidelines. */

import { msg, texts } from "./catalogue";

export const annotatingText = texts("annotating", {
  badQuery: {
    at: msg(["reason", "at"], "At character {at, number}: {reason}."),
    query: "The search",
    edit: "Change the search",
  },
  similar: {
    find: "Find similar",
    which: "By which vector?",
    none: "This record has no vectors",
    shown: msg(["count", "vector"], "The {count, number} nearest by {vector}"),
    reference: "Similar to",
    back: "Back to all records",
    gone: "The record to compare with no longer exists",
  },
  spans: {
    marked: msg(["text", "label"], "“{text}” marked {label}"),
    unmarked: msg(["text", "label"], "{label} removed from “{text}”"),
    reject: "Reject",
    rejectSpan: msg(["text", "label"], "Reject {label} for “{text}”"),
    resize: "Drag to change where the span starts or ends",
    hint: "Alt and arrow keys move the end of the span under the caret, Shift and Alt its start.",
    characters: "Hold Alt while selecting to mark parts of words.",
  },
  predictions: {
    show: "Show predictions",
    hide: "Hide predictions",
    hidden: "Predictions are hidden",
    shownNow: "Predictions are shown",
  },
  record: {
    inFront: msg(["position", "text"], "{position}: {text}"),
    copyId: "Copy the ID",
    more: "Show all",
    less: "Show less",
    info: "View JSON",
    infoTitle: msg(["id"], "Record {id}"),
    copyAll: "Copy as JSON",
    vectors: "Vectors",
  },
  guidelines: {
    labels: "Labels",
    changed: "The guidelines changed since you last read them.",
    isNew: "There are guidelines you haven’t read yet.",
    read: "Read",
  },
});
