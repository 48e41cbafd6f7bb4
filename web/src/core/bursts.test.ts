import { expect, it } from "vitest";

import { burstsOf, type Happened } from "./bursts";

let no = 0;
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString();
const event = (who: string, what: string, minute: number, record: string | null = String(minute)): Happened => ({ no: no++, who, what, at: at(minute), record });

it("puts what one person did in a row together, also when others worked meanwhile", () => {
  const found = burstsOf([event("ana", "submitted", 9), event("ben", "submitted", 8), event("ana", "submitted", 7), event("ben", "submitted", 6)]);
  expect(found.map(({ who, records }) => [who, records])).toEqual([["ana", 2], ["ben", 2]]);
});

it("begins anew after a pause, with another act, and counts a record once", () => {
  const found = burstsOf([event("ana", "submitted", 55), event("ana", "submitted", 10, "a"), event("ana", "discarded", 9), event("ana", "submitted", 8, "a")]);
  expect(found.map(({ what, events, records }) => [what, events.length, records])).toEqual([["submitted", 1, 1], ["submitted", 2, 1], ["discarded", 1, 1]]);
});

it("tells comments and plans one by one", () => {
  expect(burstsOf([event("ana", "commented", 2), event("ana", "commented", 1), event("maria", "assigned", 0, null)])).toHaveLength(3);
});

it("keeps skips with different reasons apart", () => {
  const skip = (minute: number, reason: string | null) => ({ ...event("ana", "skipped", minute), detail: { reason } });
  const found = burstsOf([skip(9, "not English"), skip(8, null), skip(7, "not English"), skip(6, null)]);
  expect(found.map(({ records, events }) => [records, events[0]?.detail?.["reason"] ?? null])).toEqual([[2, "not English"], [2, null]]);
});

it("loses no event", () => {
  const all = Array.from({ length: 40 }, (_, n) => event(n % 3 ? "ana" : "ben", n % 5 ? "submitted" : "skipped", 40 - n));
  expect(burstsOf(all).flatMap((each) => each.events).map((each) => each.no).sort((a, b) => a - b)).toEqual(all.map((each) => each.no));
});
