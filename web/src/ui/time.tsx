/** A time of the server's as people say it, with the exact one behind it. */

import { t } from "@/text/en";
import { ago as relative, date } from "@/text/format";

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3_600], ["minute", 60],
];

/** Routes of 1.x answer UTC without saying so. */
export function readTime(text: string): Date {
  return new Date(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`);
}

export function ago(time: Date, now: number): string {
  const seconds = (time.getTime() - now) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative(Math.round(seconds / size), unit);
  }
  return t.common.justNow;
}

export function Ago({ time }: { time: string | null }) {
  if (!time) return <>{t.common.never}</>;
  const at = readTime(time);
  return (
    <time dateTime={at.toISOString()} title={date(at, { dateStyle: "short", timeStyle: "medium" })}>
      {/* oxlint-disable-next-line react/purity -- a coarse "ago" may be as old as the last render */}
      {ago(at, Date.now())}
    </time>
  );
}
