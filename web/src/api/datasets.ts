/** Datasets: which there are, how far they are, what they ask. */

import { queryOptions } from "@tanstack/react-query";

import type { DatasetRef, LabelOption, Task } from "@/core/model";

import { ask, client } from "./client";
import { countRecords } from "./records";
import type { components } from "./schema";

export type Dataset = components["schemas"]["DatasetOut"];

/** A dataset as the list shows it: with how far it is, and for those who lead its team the slots of its plans. */
export type ListedDataset = components["schemas"]["OverviewDataset"];

export const datasetsQuery = queryOptions({
  queryKey: ["datasets"],
  queryFn: async () => (await ask(client.GET("/api/overview"))).datasets,
  staleTime: 10_000,
});

export const datasetQuery = (workspace: string, name: string) =>
  queryOptions({
    queryKey: ["dataset", workspace, name],
    queryFn: () => ask(client.GET("/api/datasets/{name}", { params: { path: { name }, query: { workspace } } })),
    staleTime: 60_000,
  });

export interface Progress {
  readonly total: number;
  readonly validated: number;
  readonly discarded: number;
  readonly edited: number;
}

export const progressKey = (dataset: DatasetRef) => ["progress", dataset.workspace, dataset.name];

/** Number of records in a dataset, and of those that are done. */
export const progressQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: progressKey(dataset),
    queryFn: async (): Promise<Progress> => {
      const { total, aggregations } = await countRecords(dataset, { query: {}, sort: [] }, ["status"]);
      const status = aggregations["status"] ?? {};
      const of = (name: string) => Number(status[name] ?? 0);
      return { total, validated: of("Validated"), discarded: of("Discarded"), edited: of("Edited") };
    },
    staleTime: 15_000,
  });

/** The labels of a dataset: as its settings say, else all that its records have. */
export interface Labels {
  readonly options: readonly LabelOption[];
  readonly fromSettings: boolean;
  readonly overlapping: boolean;
  /** May spans be parts of words? */
  readonly characters: boolean;
}

export const labelsQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: ["labels", dataset.workspace, dataset.name],
    queryFn: () => readLabels(dataset),
    staleTime: 5 * 60_000,
  });

async function readLabels(dataset: DatasetRef): Promise<Labels> {
  if (dataset.task === "Text2Text") return { options: [], fromSettings: false, overlapping: false, characters: false };
  const path = { name: dataset.name, task: dataset.task };
  const query = { workspace: dataset.workspace };
  const settings = await ask(client.GET("/api/datasets/{name}/{task}/settings", { params: { path, query: { ...query, or_none: true } } }));
  const rules = { overlapping: Boolean(settings.allow_overlapping_spans), characters: Boolean(settings.allow_character_spans) };
  const labels = settings.label_schema?.labels ?? [];
  if (labels.length) {
    return {
      options: labels.map(({ name, description, colour, shortcut }) => ({
        name,
        ...(shortcut ? { shortcut } : {}),
        ...(description ? { description } : {}),
        ...(colour ? { colour } : {}),
      })),
      fromSettings: true,
      ...rules,
    };
  }
  const found = await ask(
    client.POST("/api/datasets/{name}/{task}/metrics/{metric}:summary", {
      params: { path: { ...path, metric: "dataset_labels" }, query },
      body: {},
    }),
  );
  const names = (found as { labels?: string[] }).labels ?? [];
  return { options: names.map((name) => ({ name })), fromSettings: false, ...rules };
}

export async function saveLabels(dataset: DatasetRef, labels: readonly LabelOption[]): Promise<void> {
  await ask(
    client.PATCH("/api/datasets/{name}/{task}/settings", {
      params: { path: { name: dataset.name, task: dataset.task }, query: { workspace: dataset.workspace } },
      body: { label_schema: { labels: labels.map((each) => ({ ...each })) } },
    }),
  );
}

export function refOf(dataset: Pick<Dataset, "workspace" | "name" | "task">): DatasetRef {
  return { workspace: dataset.workspace, name: dataset.name, task: dataset.task as Task };
}
