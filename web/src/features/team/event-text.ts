/** Sentence of an event: who did it stands before, the record it is about after. */

import type { TeamEvent } from "@/api/team";
import { list } from "@/text/format";
import { teamText } from "@/text/team";

type Detail = Readonly<Record<string, unknown>>;

const count = (detail: Detail, name: string) => Number(detail[name] ?? 0);
const named = (detail: Detail, name: string) => (typeof detail[name] === "string" ? detail[name] : "");

/** A code without a sentence here is one of a newer server. */
export function didText(what: string): string {
  return teamText.team.event[what] ?? what.replaceAll("_", " ");
}

const SENTENCES: Readonly<Partial<Record<string, (detail: Detail) => string>>> = {
  assigned: (detail) => teamText.team.events.assigned(count(detail, "records"), count(detail, "slots")),
  extended: (detail) => teamText.team.events.extended(count(detail, "records"), count(detail, "slots")),
  not_extended: (detail) => teamText.team.events.not_extended(count(detail, "records"), named(detail, "why")),
  rebalanced: (detail) => withChanges("rebalanced", detail),
  moved: (detail) => withChanges("moved", detail),
  withdrawn: (detail) => withChanges("withdrawn", detail),
  undone: (detail) => withChanges("undone", detail),
  took_records_back: (detail) => teamText.team.events.took_records_back(count(detail, "records"), named(detail, "annotator")),
  imported_gold: (detail) => teamText.team.events.imported_gold(count(detail, "records")),
  gathered: (detail) => (detail["records"] === undefined ? didText("gathered") : teamText.team.events.gathered(count(detail, "records"))),
  changed_guidelines: (detail) => teamText.team.events.changed_guidelines(count(detail, "version")),
  changed_policies: (detail) => {
    const changes = policyChanges(detail);
    return changes.length ? `${didText("changed_policies")}: ${list(changes)}` : didText("changed_policies");
  },
  took_back: (detail) => (named(detail, "of") ? teamText.team.events.took_back(named(detail, "of")) : didText("took_back")),
  commented: (detail) => (named(detail, "to") ? teamText.team.events.commented(named(detail, "to")) : didText("commented")),
};

/** Sentence of what somebody did, without the record. */
export function eventText(event: Pick<TeamEvent, "what" | "detail">): string {
  return SENTENCES[event.what]?.(event.detail ?? {}) ?? didText(event.what);
}

/** Reason for skipping or resolving a record, in the person's own words. */
export function reasonOf(event: Pick<TeamEvent, "detail">): string | null {
  const why = named(event.detail ?? {}, "reason").trim();
  return why || null;
}

function withChanges(what: string, detail: Detail): string {
  const parts = (["moved", "added", "removed", "kept"] as const)
    .filter((each) => count(detail, each) > 0)
    .map((each) => teamText.team.parts[each](count(detail, each)));
  return parts.length ? `${didText(what)}: ${list(parts)}` : didText(what);
}

/** The policies that an event names, each as a few words. */
function policyChanges(detail: Detail): string[] {
  const words = teamText.team.policy;
  return Object.entries(detail).flatMap(([name, value]) => {
    switch (name) {
      case "blind":
        return [value === true ? words.blind : words.notBlind];
      case "required":
        return [words.required(Number(value))];
      case "annotators_may":
        return [Array.isArray(value) && value.length ? words.may(list(value.map((each) => words.rights[String(each)] ?? String(each)))) : words.mayNothing];
      case "annotation":
      case "visibility":
      case "resolution":
      case "skip":
        return [words[name][String(value)] ?? String(value)];
      default:
        return [];
    }
  });
}
