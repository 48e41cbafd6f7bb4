/** Settings of a dataset: labels, guidelines, policies, tags; and how it is made and deleted. */

import { queryOptions } from "@tanstack/react-query";

import type { DatasetRef, Task } from "@/core/model";

import { ask, client } from "./client";
import { countRecords } from "./records";
import type { components } from "./schema";

export type Policies = components["schemas"]["PoliciesOut"];
export type Guidelines = components["schemas"]["GuidelinesOut"];
export type Dataset = components["schemas"]["DatasetOut"];

/** A label as settings keep it; an empty text is none. */
export interface Label {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly colour: string;
  readonly shortcut: string;
}

/** Rules for spans. */
export interface SpanRules {
  /** Parts of each other. */
  readonly overlapping: boolean;
  /** Parts of words. */
  readonly characters: boolean;
}

export interface Settings extends SpanRules {
  readonly labels: readonly Label[];
  /** True once somebody has set the labels. */
  readonly fixed: boolean;
}

const where = ({ workspace, name }: { workspace: string; name: string }) => ({ path: { name }, query: { workspace } });
const withTask = (dataset: DatasetRef) => ({
  path: { name: dataset.name, task: dataset.task },
  query: { workspace: dataset.workspace },
});

export const settingsKey = (dataset: DatasetRef) => ["dataset-settings", dataset.workspace, dataset.name];

export const settingsQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: [...settingsKey(dataset), "labels"],
    queryFn: async (): Promise<Settings> => {
      const { path, query } = withTask(dataset);
      const found = await ask(client.GET("/api/datasets/{name}/{task}/settings", { params: { path, query: { ...query, or_none: true } } }));
      const labels = (found.label_schema?.labels ?? []).map((each) => ({
        id: each.id,
        name: each.name,
        description: each.description ?? "",
        colour: each.colour ?? "",
        shortcut: each.shortcut ?? "",
      }));
      const rules = { overlapping: found.allow_overlapping_spans ?? false, characters: found.allow_character_spans ?? false };
      return { labels, fixed: Boolean(found.label_schema), ...rules };
    },
  });

/** Number of times each label is predicted or annotated, as whoever asks sees it. */
export const labelUseQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: [...settingsKey(dataset), "use"],
    queryFn: async (): Promise<ReadonlyMap<string, number>> => {
      const { aggregations } = await countRecords(dataset, { query: {}, sort: [] }, ["annotated_as", "predicted_as"]);
      const use = new Map<string, number>();
      for (const counts of [aggregations["annotated_as"], aggregations["predicted_as"]]) {
        for (const [label, count] of Object.entries(counts ?? {})) use.set(label, (use.get(label) ?? 0) + Number(count));
      }
      return use;
    },
  });

export async function saveLabels(dataset: DatasetRef, labels: readonly Label[]): Promise<void> {
  const body = { label_schema: { labels: labels.map((each) => ({ ...each })) } };
  await ask(client.PATCH("/api/datasets/{name}/{task}/settings", { params: withTask(dataset), body }));
}

export async function saveSpanRules(dataset: DatasetRef, rules: Partial<SpanRules>): Promise<void> {
  const body = {
    ...(rules.overlapping === undefined ? {} : { allow_overlapping_spans: rules.overlapping }),
    ...(rules.characters === undefined ? {} : { allow_character_spans: rules.characters }),
  };
  await ask(client.PATCH("/api/datasets/{name}/{task}/settings", { params: withTask(dataset), body }));
}

export const datasetPoliciesQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: [...settingsKey(dataset), "policies"],
    queryFn: () => ask(client.GET("/api/datasets/{name}/policies", { params: where(dataset) })),
  });

export type PolicyChange = Partial<Policies> & { readonly keep?: "latest" };

export function savePolicies(dataset: DatasetRef, change: PolicyChange): Promise<Policies> {
  return ask(client.PATCH("/api/datasets/{name}/policies", { params: where(dataset), body: { ...change } }));
}

/** The guidelines in one version, or as they are now. */
export const guidelinesVersionQuery = (dataset: DatasetRef, version: number | null) =>
  queryOptions({
    queryKey: [...settingsKey(dataset), "guidelines", version],
    queryFn: () => {
      const { path, query } = where(dataset);
      const params = { path, query: { ...query, ...(version === null ? {} : { version }) } };
      return ask(client.GET("/api/datasets/{name}/guidelines", { params }));
    },
    staleTime: version === null ? 0 : Infinity, // a version never changes
  });

export function saveGuidelines(dataset: DatasetRef, text: string, version: number): Promise<Guidelines> {
  return ask(client.PUT("/api/datasets/{name}/guidelines", { params: where(dataset), body: { text, version } }));
}

export interface Remarks {
  readonly tags: Readonly<Record<string, string>>;
  readonly remove_tags: readonly string[];
}

export function saveTags(dataset: DatasetRef, remarks: Remarks): Promise<Dataset> {
  const body = { tags: { ...remarks.tags }, remove_tags: [...remarks.remove_tags] };
  return ask(client.PATCH("/api/datasets/{name}", { params: where(dataset), body }));
}

export async function setClosed(dataset: DatasetRef, closed: boolean): Promise<void> {
  const params = where(dataset);
  await ask<unknown>(
    closed ? client.PUT("/api/datasets/{name}:close", { params }) : client.PUT("/api/datasets/{name}:open", { params }),
  );
}

export async function deleteDataset(dataset: { workspace: string; name: string }): Promise<void> {
  await ask<unknown>(client.DELETE("/api/datasets/{name}", { params: where(dataset) }));
}

export interface NewDataset {
  readonly workspace: string;
  readonly name: string;
  readonly task: Task;
  readonly tags: Readonly<Record<string, string>>;
}

export function createDataset(dataset: NewDataset): Promise<Dataset> {
  return ask(client.POST("/api/datasets", { body: { ...dataset, tags: { ...dataset.tags } } }));
}

export type DeletedDataset = components["schemas"]["DeletedOut"];

/** Deleted datasets that can still be brought back, by whoever may. */
export const deletedQuery = queryOptions({
  queryKey: ["datasets", "deleted"],
  queryFn: async () => (await ask(client.GET("/api/datasets:deleted"))).datasets,
});

export function restoreDataset({ id, name, workspace }: DeletedDataset): Promise<Dataset> {
  return ask(client.POST("/api/datasets:restore", { params: { query: { workspace } }, body: { id, name } }));
}
