/** Texts of the audit log. A code of the server without a sentence here is a compile error. */

import type { AuditEvent, EventArea, EventCode } from "@/api/audit";

import { n } from "./en";

const some = (count: unknown, one: string, many: string) => `${n(Number(count ?? 0))} ${Number(count) === 1 ? one : many}`;
const records = (event: AuditEvent) => some(event.detail?.["records"], "record", "records");
const dataset = (event: AuditEvent) => event.dataset ?? "a dataset";
const object = (event: AuditEvent) => event.object ?? "";
const record = (event: AuditEvent) => event.record ?? "a record";
const role = (event: AuditEvent) => String(event.after?.["role"] ?? "");
const before = (event: AuditEvent) => String(event.before?.["role"] ?? "");
const detail = (event: AuditEvent, name: string) => String(event.detail?.[name] ?? "");
const webhook = (event: AuditEvent) => `the webhook to ${detail(event, "host")}`;
const self = (event: AuditEvent) => (event.who === event.object ? "their own" : "the");
const of = (event: AuditEvent) => (event.who === event.object ? "" : ` of ${object(event)}`);

export const sentences: Record<EventCode, (event: AuditEvent) => string> = {
  submitted: (event) => `answered ${record(event)} of ${dataset(event)}`,
  discarded: (event) => `discarded ${record(event)} of ${dataset(event)}`,
  skipped: (event) => `skipped ${record(event)} of ${dataset(event)}`,
  took_skip_back: (event) => `took ${record(event)} of ${dataset(event)} back after skipping it`,
  took_back: (event) => `took an answer back on ${record(event)} of ${dataset(event)}`,
  adjudicated: (event) => `settled ${record(event)} of ${dataset(event)}`,
  removed_gold: (event) => `reopened ${record(event)} of ${dataset(event)}`,
  commented: (event) => `commented on ${record(event)} of ${dataset(event)}`,
  reopened_comment: (event) => `reopened a comment on ${record(event)} of ${dataset(event)}`,
  imported_gold: (event) => `imported gold values into ${dataset(event)}`,
  accepted_consensus: (event) => `accepted what people agree on in ${dataset(event)}`,
  started_job: (event) => `changed all records of ${dataset(event)} that match a search`,
  undid_job: (event) => `undid a change of many records of ${dataset(event)}`,
  assigned: (event) => `shared out ${records(event)} of ${dataset(event)}`,
  extended: (event) => `added new records of ${dataset(event)} to a plan`,
  not_extended: (event) => `has a plan of ${dataset(event)} that could not take new records`,
  rebalanced: (event) => `rebalanced a plan of ${dataset(event)}`,
  moved: (event) => `moved work in ${dataset(event)}`,
  withdrawn: (event) => `took work back in ${dataset(event)}`,
  undone: (event) => `undid a plan of ${dataset(event)}`,
  took_records_back: (event) => `freed records of ${dataset(event)} that lay open`,
  logged_records: (event) => `logged ${records(event)} into ${dataset(event)}`,
  imported_records: (event) => `imported ${records(event)} into ${dataset(event)}`,
  changed_record: (event) => `changed record ${object(event)} of ${dataset(event)}`,
  deleted_records: (event) => `deleted ${records(event)} of ${dataset(event)}`,
  discarded_records: (event) => `discarded ${records(event)} of ${dataset(event)}`,
  created: (event) => `created dataset ${dataset(event)}`,
  copied: (event) => `copied ${records(event)} of ${dataset(event)} into ${detail(event, "into")}`,
  gathered: (event) => `gathered ${records(event)} into ${dataset(event)}`,
  deleted: (event) => `deleted dataset ${dataset(event)}, which had ${records(event)}`,
  restored: (event) => `restored dataset ${dataset(event)}`,
  purged: (event) => `removed deleted dataset ${dataset(event)} for good`,
  closed: (event) => `closed dataset ${dataset(event)}`,
  opened: (event) => `opened dataset ${dataset(event)}`,
  changed_settings: (event) => `changed the settings of ${dataset(event)}`,
  changed_policies: (event) => `changed the policies of ${dataset(event)}`,
  changed_guidelines: (event) => `changed the guidelines of ${dataset(event)}`,
  changed_tags: (event) => `changed the tags of ${dataset(event)}`,
  added_rule: (event) => `added labeling rule ${object(event)} to ${dataset(event)}`,
  changed_rule: (event) => `changed labeling rule ${object(event)} of ${dataset(event)}`,
  deleted_rule: (event) => `deleted labeling rule ${object(event)} of ${dataset(event)}`,
  exported: (event) => `downloaded ${records(event)} of ${dataset(event)} as ${detail(event, "format")}`,
  scanned: (event) => `began to load ${records(event)} of ${dataset(event)}`,
  exported_audit_log: (event) => `downloaded ${some(event.detail?.["events"], "event", "events")} of this log as ${detail(event, "format")}`,
  created_workspace: (event) => `created workspace ${event.workspace ?? ""}`,
  added_member: (event) => `added ${object(event)} to ${event.workspace ?? ""} as ${role(event)}`,
  changed_member_role: (event) => `made ${object(event)} ${role(event)} in ${event.workspace ?? ""}, who was ${before(event)}`,
  removed_member: (event) => `removed ${object(event)} from ${event.workspace ?? ""}, who was ${before(event)}`,
  created_user: (event) => `created user ${object(event)} as ${role(event)}`,
  restored_user: (event) => `let deactivated user ${object(event)} in again as ${role(event)}`,
  changed_user: (event) => `changed the name${of(event)}`,
  changed_role: (event) => `made ${object(event)} ${role(event)}, who was ${before(event)}`,
  deactivated_user: (event) => `deactivated user ${object(event)}`,
  reset_key: (event) => `reset ${self(event)} API key${of(event)}`,
  changed_password: (event) => `changed ${self(event)} password${of(event)}`,
  signed_in: () => "signed in",
  signed_out: () => "signed out",
  sign_in_refused: (event) =>
    `was refused: ${detail(event, "why")}${Number(event.detail?.["attempts"] ?? 1) > 1 ? ` (${some(event.detail?.["attempts"], "attempt", "attempts")} more)` : ""}`,
  created_webhook: (event) => `set up ${webhook(event)}`,
  changed_webhook: (event) => `changed ${webhook(event)}`,
  enabled_webhook: (event) => `enabled ${webhook(event)}${event.detail?.["removed_before_sent"] ? ", which missed events that the log no longer has" : ""}`,
  disabled_webhook: (event) => `disabled ${webhook(event)}${event.detail?.["why"] ? `: ${detail(event, "why")}` : ""}`,
  rotated_webhook_secret: (event) => `made a new secret for ${webhook(event)}`,
  deleted_webhook: (event) => `deleted ${webhook(event)}`,
  pinged_webhook: (event) => `sent a ping by ${webhook(event)}`,
  sent_delivery_again: (event) => `sent a delivery (${detail(event, "event")}) again by ${webhook(event)}`,
  backed_up: (event) => `made backup ${object(event)}`,
  restored_backup: (event) => `restored backup ${object(event)}`,
  rebuilt_indexes: () => "made the indexes anew",
  pruned_audit_log: (event) => `removed ${some(event.detail?.["events"], "event", "events")} of this log that were past their time`,
};

export const areas: Record<EventArea, string> = {
  downloads: "Downloads",
  people: "People and roles",
  sign_in: "Sign-ins",
  datasets: "Datasets and settings",
  records: "Records",
  plans: "Plans",
  answers: "Answers",
  webhooks: "Webhooks",
  server: "Server",
};

/** Who is no person. */
export const others: Record<string, string> = {
  "command line": "The command line",
  "the server": "The server",
  "somebody unknown": "Somebody unknown",
};

export const audit = {
  title: "Audit log",
  intro: "Who did what, newest first. Nothing here can be changed.",
  filters: "Filters",
  area: "About",
  allAreas: "Everything but answers",
  who: "Who",
  workspace: "Workspace",
  allWorkspaces: "All",
  dataset: "Dataset",
  from: "From (UTC)",
  to: "To (UTC)",
  text: "Contains",
  show: "Show",
  clear: "Clear filters",
  older: "Older",
  csv: "Download CSV",
  jsonl: "Download JSON lines",
  events: "Events",
  none: "No event matches",
  noneIntro: "Take a filter away, or look at another time.",
  nothing: "Nothing has happened yet",
  nothingIntro: "Changes, downloads and sign-ins are written down here as they happen.",
  failed: "The audit log could not be read",
  forbidden: "The audit log is for managers and administrators",
  forbiddenIntro: "Ask whoever manages your workspace.",
  details: "Details",
  before: "Before",
  after: "After",
  facts: "Facts",
  from_: (address: string) => `from ${address}`,
  request: (id: string) => `request ${id}`,
} as const;
