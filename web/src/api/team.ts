/** Sharing out records and how the team is doing. */

import { queryOptions } from "@tanstack/react-query";

import type { DayRow } from "@/core/day-series";
import type { DatasetRef } from "@/core/model";

import { ask, base, client } from "./client";
import type { components } from "./schema";
import type { PlanSpec } from "./shapes";

export type Member = components["schemas"]["MemberOut"];
export type Progress = components["schemas"]["ProgressOut"];
export type PersonProgress = components["schemas"]["AnnotatorProgress"];

export type Unassigned = components["schemas"]["Unassigned"];
/** Effect of a plan, to come or done. */
export type Preview = components["schemas"]["PlanPreview"];
export type Plan = components["schemas"]["PlanOut"];
/** Effect of a change of a plan. */
export type Difference = components["schemas"]["PlanChangeOut"];
export type TeamEvent = components["schemas"]["EventOut"];
export type SlotState = keyof components["schemas"]["SlotStates"];

export type Change =
  | { verb: "rebalance"; users?: readonly unknown[]; level?: boolean }
  | { verb: "move"; to: string; annotator: string }
  | { verb: "withdraw"; annotator?: string }
  | { verb: "undo" };

export const teamKey = (dataset: DatasetRef) => ["team", dataset.workspace, dataset.name];

const where = (dataset: DatasetRef) => ({ path: { name: dataset.name }, query: { workspace: dataset.workspace } });

export const membersQuery = (workspace: string) =>
  queryOptions({
    queryKey: ["members", workspace],
    queryFn: async () => (await ask(client.GET("/api/workspaces/{name}/members", { params: { path: { name: workspace } } }))).members,
    staleTime: 10_000,
  });

export const teamProgressQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: [...teamKey(dataset), "progress"],
    queryFn: () => ask(client.GET("/api/datasets/{name}/progress", { params: where(dataset) })),
  });

/** The median seconds per answer of each person. It takes a look at every answer, so it is asked less often than the rest. */
export const timesQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: ["times", dataset.workspace, dataset.name],
    queryFn: async () => {
      const { path, query } = where(dataset);
      const { annotators } = await ask(client.GET("/api/datasets/{name}/progress", { params: { path, query: { ...query, median: true } } }));
      return new Map(annotators.map((each) => [each.annotator, each.median_seconds ?? null]));
    },
    staleTime: 15_000,
  });

export type HoursBy = "day" | "week" | "month";

/** Address of a table of the hours people worked; `from` and `to` are days, "" for any. */
export function hoursAddress(dataset: DatasetRef, { whole, by, from, to }: { whole: boolean; by: HoursBy; from: string; to: string }): string {
  const { workspace, name } = dataset;
  const place = whole ? `workspaces/${encodeURIComponent(workspace)}` : `datasets/${encodeURIComponent(name)}`;
  const query = new URLSearchParams({ workspace, by, format: "csv", ...(from && { from }), ...(to && { to }) });
  return `${base}api/${place}/hours?${query.toString()}`;
}

/** Number of records that each person answered for the first time on each day. */
export const daysQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: ["days", dataset.workspace, dataset.name],
    queryFn: async () => {
      const { path, query } = where(dataset);
      return ((await ask(client.GET("/api/datasets/{name}/hours", { params: { path, query: { ...query, by: "day" } } }))) as { rows: DayRow[] }).rows;
    },
    staleTime: 15_000,
  });

export const plansQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: [...teamKey(dataset), "plans"],
    queryFn: async () =>
      (await ask(client.GET("/api/datasets/{name}/assignments", { params: where(dataset) }))).assignments,
  });

/** `who` "": everybody. */
export const eventsKey = (dataset: DatasetRef, who: string) => [...teamKey(dataset), "events", who];

export async function readEvents(dataset: DatasetRef, who: string, cursor: string): Promise<{ events: TeamEvent[]; next: string | null }> {
  const { path, query } = where(dataset);
  const found = await ask(
    client.GET("/api/datasets/{name}/events", { params: { path, query: { ...query, limit: 200, ...(who ? { annotator: who } : {}), ...(cursor ? { cursor } : {}) } } }),
  );
  return { events: found.events, next: found.next ?? null };
}

/** Looks at a plan; nothing is written. */
export async function previewPlan(dataset: DatasetRef, spec: PlanSpec, signal: AbortSignal): Promise<Preview> {
  const found = await ask(
    client.POST("/api/datasets/{name}/assignments:preview", { params: where(dataset), body: { ...spec }, signal }),
  );
  return found;
}

/** Makes the plan that was looked at; refused with 409 where it would be another by now. */
export async function makePlan(dataset: DatasetRef, spec: PlanSpec, digest: string): Promise<Plan> {
  const found = await ask(
    client.POST("/api/datasets/{name}/assignments", { params: where(dataset), body: { ...spec, digest } }),
  );
  return found;
}

export async function changePlan(dataset: DatasetRef, plan: string, change: Change, dryRun: boolean): Promise<Difference> {
  const { path, query } = where(dataset);
  const params = { path: { ...path, plan }, query };
  const dry = { dry_run: dryRun };
  switch (change.verb) {
    case "rebalance": {
      const { users, level = false } = change;
      const body = { ...dry, level, users: users ? [...users] : null };
      return ask(client.POST("/api/datasets/{name}/assignments/{plan}:rebalance", { params, body }));
    }
    case "move": {
      const { to, annotator } = change;
      return ask(client.POST("/api/datasets/{name}/assignments/{plan}:move", { params, body: { to, annotator, ...dry } }));
    }
    case "withdraw": {
      const { annotator = null } = change;
      return ask(client.POST("/api/datasets/{name}/assignments/{plan}:withdraw", { params, body: { annotator, ...dry } }));
    }
    case "undo":
      return ask(client.POST("/api/datasets/{name}/assignments/{plan}:undo", { params, body: dry }));
  }
}

/** Looks at how records logged since would join a plan, or has them join. */
export async function extendPlan(dataset: DatasetRef, plan: string, dryRun: boolean): Promise<Preview> {
  const { path, query } = where(dataset);
  const found = await ask(
    client.POST("/api/datasets/{name}/assignments/{plan}:extend", {
      params: { path: { ...path, plan }, query },
      body: { dry_run: dryRun },
    }),
  );
  return found;
}
