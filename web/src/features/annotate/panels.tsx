/** Panels over or beside the records, in a file of its own that comes once the first record is there. */

import { bringUnasked } from "@/app/upgrade";
import { panel } from "@/ui/panel";

export const Help = panel(() => import("./help"));
export const Guidelines = panel(() => import("@/app/guidelines"));
export const Flag = panel(() => import("./side/flag"));
export const RecordInfo = panel(() => import("./side/record-info"));
export const ChooseVector = panel(() => import("./list/choose-vector"));
export const Aside = panel(() => import("./side/sidebar"));
export const MyAnswer = panel(async () => ({ default: (await import("./side/my-answer")).MyAnswer }));
export const NotCounted = panel(() => import("./side/not-counted"));
export const Skip = panel(() => import("./one/skip"));
export const NextWork = panel(async () => ({ default: (await import("./one/next-work")).NextWork }));
export const NothingAssigned = panel(async () => ({ default: (await import("./empty-states")).NothingAssigned }));
export const NothingFound = panel(async () => ({ default: (await import("./empty-states")).NothingFound }));
export const ActiveFilters = panel(async () => ({ default: (await import("@/search/active-filters")).ActiveFilters }));
export const Tools = panel(() => import("./tools"));

const PANELS = [Help, Guidelines, Flag, RecordInfo, ChooseVector, Aside, MyAnswer, NotCounted, Skip, NextWork, NothingAssigned, ActiveFilters, Tools];

/** Brings all of them, and what the frame around the page has: they open without a network, too. */
export function loadPanels(): void {
  void bringUnasked(() => [...PANELS.map((each) => each.preload()), import("@/record/handles"), import("@/app/account-menu"), import("@/app/problems")]);
}
