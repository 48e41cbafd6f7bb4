/** Days and times of the team's page. */

import { date } from "@/text/format";
import { readTime } from "@/ui/time";

export const day = (time: string) => date(readTime(time), { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** Has work left, and did nothing for a day. */
export function isIdle(person: { assigned: number; done: number; skipped: number; last_active: string | null }, now: number): boolean {
  if (person.assigned <= person.done + person.skipped || !person.last_active) return false;
  return now - readTime(person.last_active).getTime() > 86_400_000;
}
