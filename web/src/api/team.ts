/** Sharing out records and how the team is doing. Plans answer without a schema; what they answer is said here. */

import { queryOptions } from "@tanstack/react-query";

import type { DatasetRef } from "@/core/model";
import type { PlanSpec } from "@/core/plan-form";

import { ask, base, client } from "./client";
import type { components } from "./schema";

export type Member = components["schemas"]["MemberOut"];
export type Progress = components["schemas"]["ProgressOut"];
export type PersonProgress = components["schemas"]["AnnotatorProgress"];

export interface Unassigned {
  readonly count: number;
  readonly records: number;
  readonly reason: string;
}

/** What a plan would do, or did. */
export interface Preview extends PlanSpec {
  readonly digest: string;
  readonly records: number;
  readonly slots: number;
  readonly loads: Readonly<Record<string, number>>;
  readonly pairs: { readonly min: number; readonly max: number; readonly ideal: number } | null;
  readonly unassigned: readonly Unassigned[];
  readonly agreement_half_width: number | null;
  readonly agreement_assumes: string;
  readonly warnings: readonly string[];
}

export type SlotState = "pending" | "leased" | "done" | "skipped" | "withdrawn";
type States = Readonly<Record<SlotState, number>>;

export interface Plan extends Preview {
  readonly id: string;
  readonly state: "writing" | "live" | "undoing" | "undone";
  readonly created_by: string;
  readonly created_at: string;
  readonly progress: States & { readonly annotators: Readonly<Record<string, States>> };
}

/** What a change of a plan moves. */
export interface Difference {
  readonly added: number;
  readonly removed: number;
  readonly moved: number;
  readonly kept: number;
  readonly loads?: Readonly<Record<string, number>>;
  readonly unassigned?: readonly Unassigned[];
  readonly refused?: readonly { record: string; annotator: string | null; why: string }[];
}

export type Change =
  | { verb: "rebalance"; users?: readonly unknown[]; level?: boolean }
  | { verb: "move"; to: string; annotator: string }
  | { verb: "withdraw"; annotator?: string }
  | { verb: "undo" };

export interface TeamEvent {
  readonly no: number;
  readonly at: string;
  readonly who: string;
  readonly what: string;
  readonly record: string | null;
  readonly detail: Readonly<Record<string, unknown>> | null;
}

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

/** Where the browser gets a table of the hours people worked; `from` and `to` are days, "" for any. */
export function hoursAddress(dataset: DatasetRef, { whole, by, from, to }: { whole: boolean; by: HoursBy; from: string; to: string }): string {
  const { workspace, name } = dataset;
  const place = whole ? `workspaces/${encodeURIComponent(workspace)}` : `datasets/${encodeURIComponent(name)}`;
  const query = new URLSearchParams({ workspace, by, format: "csv", ...(from && { from }), ...(to && { to }) });
  return `${base}api/${place}/hours?${query.toString()}`;
}

export const plansQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: [...teamKey(dataset), "plans"],
    queryFn: async () =>
      (await ask(client.GET("/api/datasets/{name}/assignments", { params: where(dataset) }))).assignments as unknown as Plan[],
  });

export const eventsKey = (dataset: DatasetRef) => [...teamKey(dataset), "events"];

export async function readEvents(dataset: DatasetRef, cursor: string): Promise<{ events: TeamEvent[]; next: string | null }> {
  const { path, query } = where(dataset);
  const found = await ask(
    client.GET("/api/datasets/{name}/events", { params: { path, query: { ...query, limit: 20, ...(cursor ? { cursor } : {}) } } }),
  );
  return { events: found.events as unknown as TeamEvent[], next: found.next ?? null };
}

/** Looks at a plan; nothing is written. */
export async function previewPlan(dataset: DatasetRef, spec: PlanSpec, signal: AbortSignal): Promise<Preview> {
  const found = await ask(
    client.POST("/api/datasets/{name}/assignments:preview", { params: where(dataset), body: { ...spec }, signal }),
  );
  return found as unknown as Preview;
}

/** Makes the plan that was looked at; refused with 409 where it would be another by now. */
export async function makePlan(dataset: DatasetRef, spec: PlanSpec, digest: string): Promise<Plan> {
  const found = await ask(
    client.POST("/api/datasets/{name}/assignments", { params: where(dataset), body: { ...spec, digest } }),
  );
  return found as unknown as Plan;
}

export async function changePlan(dataset: DatasetRef, plan: string, change: Change, dryRun: boolean): Promise<Difference> {
  const { path, query } = where(dataset);
  const params = { path: { ...path, plan }, query };
  const { verb, ...rest } = change;
  const body = { ...rest, dry_run: dryRun } as never;
  const call = {
    rebalance: () => client.POST("/api/datasets/{name}/assignments/{plan}:rebalance", { params, body }),
    move: () => client.POST("/api/datasets/{name}/assignments/{plan}:move", { params, body }),
    withdraw: () => client.POST("/api/datasets/{name}/assignments/{plan}:withdraw", { params, body }),
    undo: () => client.POST("/api/datasets/{name}/assignments/{plan}:undo", { params, body }),
  }[verb];
  return (await ask<unknown>(call())) as Difference;
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
  return found as unknown as Preview;
}
