/** The filters of the audit log, as they stand in the address. */

import type { AuditFilter, EventArea } from "@/api/audit";
import type { Params } from "@/core/view";
import { areas } from "@/text/audit";

const TEXTS = ["who", "workspace", "dataset", "from", "to", "text"] as const;

const isArea = (text: string): text is EventArea => Object.hasOwn(areas, text);

export const NONE: AuditFilter = { area: [], who: "", workspace: "", dataset: "", from: "", to: "", text: "" };

export function readFilter(params: Params): AuditFilter {
  const given = params["area"];
  const area = (Array.isArray(given) ? given : [given]).filter((each) => typeof each === "string").flatMap((each) => each.split(",")).filter(isArea);
  const texts = Object.fromEntries(TEXTS.map((name) => [name, typeof params[name] === "string" ? params[name] : ""]));
  return { ...NONE, ...texts, area };
}

export function writeFilter(wanted: AuditFilter): Params {
  const texts = TEXTS.filter((name) => wanted[name] !== "").map((name) => [name, wanted[name]]);
  return Object.fromEntries([...texts, ...(wanted.area.length ? [["area", wanted.area.join(",")]] : [])]) as Params;
}

export function narrowed(wanted: AuditFilter): boolean {
  return wanted.area.length > 0 || TEXTS.some((name) => wanted[name] !== "");
}

/** Answers are many, and are shown when asked for; whoever asks for a person means them, too. */
export function withUsualAreas(wanted: AuditFilter): AuditFilter {
  if (wanted.area.length || wanted.who) return wanted;
  return { ...wanted, area: (Object.keys(areas) as EventArea[]).filter((each) => each !== "answers") };
}
