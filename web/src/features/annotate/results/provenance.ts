/** Origin of the value of a record, in a few words. */

import type { RecordResult } from "@/api/results";
import { resultsText } from "@/text/results";

export type Standing = "open" | "waiting" | "conflict" | "resolved" | "unusable";

/** State of a record; `discarded` is its value. */
export function standingOf({ gold, resolution, answers }: RecordResult, state: string): Standing {
  if (gold && (gold.origin !== "earlier" || resolution === null)) return gold.discarded ? "unusable" : "resolved";
  if (resolution?.outcome === "conflict") return "conflict";
  if (resolution?.outcome === "resolved") return state === "discarded" ? "unusable" : "resolved";
  return answers.length ? "waiting" : "open";
}

/** Person or rule that made the value, or what is still missing. */
export function provenanceOf({ gold, resolution }: RecordResult): string {
  if (gold && (gold.origin !== "earlier" || resolution === null)) {
    const { origin, author } = gold;
    if (origin === "consensus") return resultsText.accepted(author);
    if (origin === "imported") return resultsText.imported(author);
    return origin === "earlier" ? resultsText.earlier(author) : resultsText.by(author);
  }
  if (!resolution) return resultsText.before;
  const { outcome, agent, answers, agreeing, support, conflict, why, missing } = resolution;
  if (outcome === "conflict") return resultsText.conflicts[conflict ?? ""] ?? why ?? "";
  if (outcome === "open") return missing ? resultsText.missing(missing) : (why ?? "");
  if (answers.length === 1) return resultsText.only(answers[0] ?? "");
  if (/^consensus:(dawid_skene|one_coin)/.test(agent ?? "") && support !== null && support !== undefined) return resultsText.model(Math.round(support * 100));
  return agreeing.length === answers.length ? resultsText.all(answers.length) : resultsText.majority(agreeing.length, answers.length);
}
