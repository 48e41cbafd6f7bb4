/** Texts of comments that wait for somebody, of feedback, and of asking for an answer again. */

import { msg, texts } from "./catalogue";

export const inboxText = texts("inbox", {
  title: msg(["count"], "{count, plural, one {# comment for you} other {# comments for you}}"),
  on: msg(["record", "dataset"], "Record {record} of {dataset}"),
  to: msg(["who"], "to {who}"),
  reply: "Reply",
  replyTo: msg(["who", "record"], "Reply to {who} about record {record}"),
  send: "Send",
  done: "Done",
  doneOf: msg(["who", "record"], "Mark the comment of {who} on record {record} as done"),
  wasDone: "Marked as done.",
  undo: "Undo",
  changed: msg(["count", "name"], "{count, number} of your answers in {name} {count, plural, one {was} other {were}} changed"),
  earlier: msg(["count", "name"], "{count, plural, one {# changed answer} other {# changed answers}} in {name}"),
  confirmed: msg(["count"], "{count, number} confirmed"),
  show: "Show them",
  showOf: msg(["name"], " (changed answers in {name})"),
  ask: "Ask again",
  askTitle: msg(["name"], "Ask {name} again"),
  askIntro: "Their answer becomes a draft again, and they see the reason as a comment on the record.",
  reason: "Reason",
  asked: msg(["name"], "Sent back to {name}"),
});
