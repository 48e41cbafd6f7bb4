/** Agreement between people, what they differ on most, and resolving in bulk what they agree on. */

import { queryOptions } from "@tanstack/react-query";

import type { DatasetRef } from "@/core/model";

import { ApiError, ask, client } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

/** An estimate with its interval, or why there is none; `query` opens the records behind it. */
export type Figure = Schemas["Figure"];
export type Agreement = Schemas["AgreementOut"];
export type Measure = Schemas["Measure"];
export type By = Schemas["By"];
export type Quality = Schemas["AnnotatorQuality"];
/** The labels that two people gave to the same records. */
export type Confused = Schemas["PairConfusion"];
/** Work on many records; `result` once it has ended. */
export type Job = Schemas["JobOut"];
export type Rule = NonNullable<Schemas["AcceptIn"]["rule"]>;

/** Is it the route that is missing? The dataset itself has been found before. */
export function isMissing(failure: unknown): boolean {
  return failure instanceof ApiError && (failure.status === 404 || failure.status === 405);
}

export interface Asked {
  /** As the address has it; empty for the usual one of the task. */
  readonly measure: string;
  readonly q: string;
}

export const agreementQuery = (dataset: DatasetRef, { measure, q }: Asked, by: By | null) =>
  queryOptions({
    queryKey: ["agreement", dataset.workspace, dataset.name, measure, q, by],
    queryFn: () =>
      ask(
        client.GET("/api/datasets/{name}/agreement", {
          params: {
            path: { name: dataset.name },
            query: { workspace: dataset.workspace, ...(measure ? { measure: measure as Measure } : {}), ...(by ? { by } : {}), ...(q ? { query: q } : {}) },
          },
        }),
      ),
    staleTime: 15_000,
  });

/** Agreement of each person with the others, without intervals: what a table of people shows. */
export const peopleAgreementQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: ["agreement", dataset.workspace, dataset.name, "people"],
    queryFn: async () => {
      const query = { workspace: dataset.workspace, by: "person", interval: "none" } as const;
      return (await ask(client.GET("/api/datasets/{name}/agreement", { params: { path: { name: dataset.name }, query } }))).by ?? [];
    },
    staleTime: 15_000,
  });

export const annotatorsQuery = (dataset: DatasetRef, q: string) =>
  queryOptions({
    queryKey: ["annotators", dataset.workspace, dataset.name, q],
    queryFn: () =>
      ask(
        client.GET("/api/datasets/{name}/annotators", {
          params: { path: { name: dataset.name }, query: { workspace: dataset.workspace, ...(q ? { query: q } : {}) } },
        }),
      ),
    staleTime: 15_000,
  });

/** Ids of open conflicts, most disputed first, and where the next ones begin; null where the server keeps no order. */
export async function mostDisputed(
  dataset: DatasetRef,
  q: string,
  limit: number,
  cursor: string | null,
): Promise<{ ids: readonly string[]; next: string | null } | null> {
  const query = { workspace: dataset.workspace, limit, open: true, ...(q ? { query: q } : {}), ...(cursor ? { cursor } : {}) };
  try {
    const found = await ask(client.GET("/api/datasets/{name}/conflicts", { params: { path: { name: dataset.name }, query } }));
    return { ids: found.conflicts.map((each) => each.id), next: found.next };
  } catch (failure) {
    if (isMissing(failure)) return null;
    throw failure;
  }
}

/** Settles all records that match and on which people agree, as a job. */
export function acceptAgreed(dataset: DatasetRef, query: string, rule: Rule): Promise<Job> {
  const params = { path: { name: dataset.name }, query: { workspace: dataset.workspace } };
  return ask(client.POST("/api/datasets/{name}/consensus:accept", { params, body: { query, rule } }));
}

export function findJob(id: string): Promise<Job> {
  return ask(client.GET("/api/jobs/{id}", { params: { path: { id } } }));
}

export function undoJob(id: string): Promise<Job> {
  return ask(client.POST("/api/jobs/{id}:undo", { params: { path: { id } } }));
}
