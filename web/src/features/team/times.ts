/** Days and times of the team's page. */

import { readTime } from "@/ui/time";

const format = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const day = (time: string) => format.format(readTime(time));

/** Has work left, and did nothing for a day. */
export function isIdle(person: { assigned: number; done: number; skipped: number; last_active: string | null }, now: number): boolean {
  if (person.assigned <= person.done + person.skipped || !person.last_active) return false;
  return now - readTime(person.last_active).getTime() > 86_400_000;
}
