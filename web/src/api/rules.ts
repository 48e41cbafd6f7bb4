/** Labeling rules of a dataset: which there are, what they match, how often they are right. */

import { queryOptions } from "@tanstack/react-query";

import type { DatasetRef } from "@/core/model";
import { type AllFigures, type DraftFigures, quoted, type Rule } from "@/core/rules";

import { ask, client } from "./client";
import { countRecords } from "./records";

const where = ({ workspace, name, task }: DatasetRef) => ({ path: { name, task }, query: { workspace } });

export const rulesKey = ({ workspace, name }: DatasetRef) => ["rules", workspace, name];

/** All rules with their figures, as whoever asks sees the dataset; for reviewers also by everybody's answers. */
export const rulesQuery = (dataset: DatasetRef, answers: boolean) =>
  queryOptions({
    queryKey: [...rulesKey(dataset), "all", answers],
    queryFn: async ({ signal }) => {
      const { path, query } = where(dataset);
      const params = { path, query: { ...query, answers } };
      return (await ask(client.GET("/api/datasets/{name}/{task}/labeling/rules:figures", { params, signal }))) as unknown as AllFigures;
    },
    staleTime: 5_000,
  });

/** All rules, without any figures. */
export const storedRulesQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: [...rulesKey(dataset), "stored"],
    queryFn: async ({ signal }) =>
      (await ask(client.GET("/api/datasets/{name}/{task}/labeling/rules", { params: where(dataset), signal }))) as unknown as readonly Rule[],
    staleTime: 20_000,
  });

/** The queries of the rules that match a record, as whoever asks sees it. */
export const matchingQuery = (dataset: DatasetRef, id: string) =>
  queryOptions({
    queryKey: [...rulesKey(dataset), "of", id],
    queryFn: async ({ signal }) => {
      // not by `ids`: with those the server goes through all that each rule matches
      const found = await countRecords(dataset, { query: { query_text: `id:${quoted(id)}` }, sort: [] }, ["rule"], signal);
      return Object.entries(found.aggregations["rule"] ?? {}).flatMap(([query, count]) => (count ? [query] : []));
    },
    staleTime: 5_000,
    gcTime: 60_000,
  });

/** The figures of a query that need not be stored, judged by these labels. */
export const draftFiguresQuery = (dataset: DatasetRef, wanted: string, labels: readonly string[]) =>
  queryOptions({
    queryKey: [...rulesKey(dataset), "draft", wanted, labels],
    queryFn: async ({ signal }): Promise<DraftFigures> => {
      const { path, query } = where(dataset);
      const params = { path: { ...path, query: wanted }, query: { ...query, label: [...labels] } };
      const found = await ask(client.GET("/api/datasets/{name}/{task}/labeling/rules/{query}/metrics", { params, signal }));
      return found as unknown as DraftFigures;
    },
    staleTime: 5_000,
    gcTime: 60_000,
    retry: false,
  });

export interface RuleChange {
  readonly query: string;
  readonly labels: readonly string[];
  /** An empty text takes it away. */
  readonly description: string;
}

export async function addRule(dataset: DatasetRef, { query, labels, description }: RuleChange): Promise<void> {
  const body = { query, labels: [...labels], ...(description ? { description } : {}) };
  await ask(client.POST("/api/datasets/{name}/{task}/labeling/rules", { params: where(dataset), body }));
}

export async function changeRule(dataset: DatasetRef, { query, labels, description }: RuleChange): Promise<void> {
  const { path, query: asked } = where(dataset);
  const params = { path: { ...path, query }, query: asked };
  await ask(client.PATCH("/api/datasets/{name}/{task}/labeling/rules/{query}", { params, body: { labels: [...labels], description } }));
}

export async function deleteRule(dataset: DatasetRef, query: string): Promise<void> {
  const { path, query: asked } = where(dataset);
  const params = { path: { ...path, query }, query: asked };
  await ask(client.DELETE("/api/datasets/{name}/{task}/labeling/rules/{query}", { params }));
}

/** Takes back my last change of a rule, or of any; the rule as it is now, null where it is gone. */
export async function undoRule(dataset: DatasetRef, query: string | null): Promise<Rule | null> {
  const body = query === null ? null : { query };
  const found = await ask(client.POST("/api/datasets/{name}/{task}/labeling/rules:undo", { params: where(dataset), body }));
  return found as unknown as Rule | null;
}
