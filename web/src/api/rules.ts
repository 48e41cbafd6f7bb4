/** Labeling rules of a dataset: which there are, what they match, how often they are right. */

import { queryOptions } from "@tanstack/react-query";

import type { DatasetRef } from "@/core/model";
import type { AllFigures, DraftFigures, Rule } from "@/core/rules";

import { ask, client } from "./client";

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
