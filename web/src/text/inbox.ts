/** Texts of comments that wait for somebody, of feedback, and of asking for an answer again. */

import { n } from "./en";

const some = (count: number, one: string, many: string) => `${n(count)} ${count === 1 ? one : many}`;

export const inboxText = {
  title: (count: number) => some(count, "comment for you", "comments for you"),
  on: (record: string, dataset: string) => `Record ${record} of ${dataset}`,
  to: (who: string) => `to ${who}`,
  reply: "Reply",
  replyTo: (who: string, record: string) => `Reply to ${who} about record ${record}`,
  send: "Send",
  done: "Done",
  doneOf: (who: string, record: string) => `Mark the comment of ${who} on record ${record} as done`,
  wasDone: "Marked as done.",
  undo: "Undo",
  changed: (count: number, name: string) => `${n(count)} of your answers in ${name} ${count === 1 ? "was" : "were"} changed`,
  earlier: (count: number, name: string) => `${some(count, "changed answer", "changed answers")} in ${name}`,
  confirmed: (count: number) => `${n(count)} confirmed`,
  show: "Show them",
  showOf: (name: string) => ` (changed answers in ${name})`,
  ask: "Ask again",
  askTitle: (name: string) => `Ask ${name} again`,
  askIntro: "The answer becomes a draft of theirs again, and they read the reason as a comment on the record.",
  reason: "Reason",
  asked: (name: string) => `Sent back to ${name}`,
} as const;
