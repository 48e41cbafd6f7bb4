/** The filters of the audit log, as they stand in the address. */

import type { AuditFilter, EventArea } from "@/api/audit";
import type { Params } from "@/core/view";
import { audit } from "@/text/audit";

const TEXTS = ["who", "workspace", "dataset", "from", "to", "text"] as const;

const isArea = (text: string): text is EventArea => Object.hasOwn(audit.areas, text);

export const NO_FILTER: AuditFilter = { area: [], who: "", workspace: "", dataset: "", from: "", to: "", text: "" };

export function readFilter(params: Params): AuditFilter {
  const given = params["area"];
  const area = (Array.isArray(given) ? given : [given]).filter((each) => typeof each === "string").flatMap((each) => each.split(",")).filter(isArea);
  const texts = Object.fromEntries(TEXTS.map((name) => [name, typeof params[name] === "string" ? params[name] : ""]));
  return { ...NO_FILTER, ...texts, area };
}

export function writeFilter(filter: AuditFilter): Params {
  const texts = TEXTS.filter((name) => filter[name] !== "").map((name) => [name, filter[name]]);
  return Object.fromEntries([...texts, ...(filter.area.length ? [["area", filter.area.join(",")]] : [])]) as Params;
}

export function narrowed(filter: AuditFilter): boolean {
  return filter.area.length > 0 || TEXTS.some((name) => filter[name] !== "");
}

/** Answers are many, and are shown when asked for; whoever asks for a person means them, too. */
export function withUsualAreas(filter: AuditFilter): AuditFilter {
  if (filter.area.length || filter.who) return filter;
  return { ...filter, area: (Object.keys(audit.areas) as EventArea[]).filter((each) => each !== "answers") };
}
