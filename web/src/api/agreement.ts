/** How alike people answer, what they differ on most, and settling in bulk what they agree on. */

import { queryOptions } from "@tanstack/react-query";
import type { Client } from "openapi-fetch";

import type { DatasetRef } from "@/core/model";

import { ApiError, ask, client } from "./client";

/** An estimate with its interval, or why there is none; `query` opens the records behind it. */
export interface Figure {
  readonly measure: string;
  readonly estimate: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly level: number;
  readonly records: number;
  readonly annotators: number;
  readonly answers: number;
  readonly query: string;
  readonly why?: string | null;
  /** Where intervals are known to fail, and why in words. */
  readonly caution?: string | null;
  readonly caution_why?: string | null;
  readonly label?: string | null;
  readonly pair?: string[] | null;
  readonly week?: string | null;
  readonly person?: string | null;
  readonly undefined?: string | null;
  readonly left_out?: number | null;
}

export interface Agreement extends Figure {
  readonly by?: Figure[] | null;
}

export type By = "label" | "pair" | "week" | "person";

export interface Quality {
  readonly annotator: string;
  readonly answers: number;
  readonly accuracy: number | null;
}

interface Annotators {
  readonly annotators: Quality[];
  readonly why: string | null;
}

/** Work on many records; `result` once it has ended. */
export interface Job {
  readonly id: string;
  readonly state: string;
  readonly done: number;
  readonly total: number | null;
  readonly message: string | null;
  readonly result: { readonly changed?: number; readonly left?: number } | null;
  readonly undoable: boolean;
}

export type Rule = "unanimous" | "majority";

/* Servers may be older than these routes: they are described here, and one that lacks them answers 404. */
interface Query<T> {
  parameters: { path: { name: string }; query: { workspace: string } & T };
}
interface Reply<T> {
  responses: { 200: { content: { "application/json": T } } };
}
type Get<Asked, T> = { get: Query<Asked> & Reply<T> };
interface Routes {
  "/api/datasets/{name}/agreement": Get<{ measure?: string; by?: By; interval?: "none"; query?: string }, Agreement>;
  "/api/datasets/{name}/annotators": Get<{ query?: string }, Annotators>;
  "/api/datasets/{name}/conflicts": Get<
    { limit: number; cursor?: string; open: boolean; query?: string },
    { conflicts: { id: string }[]; next: string | null; total: number }
  >;
  "/api/datasets/{name}/consensus:accept": {
    post: Query<object> & { requestBody: { content: { "application/json": { query: string; rule: Rule } } } } & Reply<Job>;
  };
  "/api/jobs/{id}": { get: { parameters: { path: { id: string } } } & Reply<Job> };
  "/api/jobs/{id}:undo": { post: { parameters: { path: { id: string } } } & Reply<Job> };
}
const routes = client as unknown as Client<Routes>;

/** Is it the route that is missing? The dataset itself has been found before. */
export function isMissing(failure: unknown): boolean {
  return failure instanceof ApiError && (failure.status === 404 || failure.status === 405);
}

export interface Asked {
  readonly measure: string;
  readonly q: string;
}

export const agreementQuery = (dataset: DatasetRef, { measure, q }: Asked, by: By | null) =>
  queryOptions({
    queryKey: ["agreement", dataset.workspace, dataset.name, measure, q, by],
    queryFn: () =>
      ask(
        routes.GET("/api/datasets/{name}/agreement", {
          params: {
            path: { name: dataset.name },
            query: { workspace: dataset.workspace, ...(measure ? { measure } : {}), ...(by ? { by } : {}), ...(q ? { query: q } : {}) },
          },
        }),
      ),
    staleTime: 15_000,
  });

/** How far each person agrees with the others, without intervals: what a table of people shows. */
export const peopleAgreementQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: ["agreement", dataset.workspace, dataset.name, "people"],
    queryFn: async () => {
      const query = { workspace: dataset.workspace, by: "person", interval: "none" } as const;
      return (await ask(routes.GET("/api/datasets/{name}/agreement", { params: { path: { name: dataset.name }, query } }))).by ?? [];
    },
    staleTime: 15_000,
  });

export const annotatorsQuery = (dataset: DatasetRef, q: string) =>
  queryOptions({
    queryKey: ["annotators", dataset.workspace, dataset.name, q],
    queryFn: () =>
      ask(
        routes.GET("/api/datasets/{name}/annotators", {
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
    const found = await ask(routes.GET("/api/datasets/{name}/conflicts", { params: { path: { name: dataset.name }, query } }));
    return { ids: found.conflicts.map((each) => each.id), next: found.next };
  } catch (failure) {
    if (isMissing(failure)) return null;
    throw failure;
  }
}

/** Settles all records that match and on which people agree, as a job. */
export function acceptAgreed(dataset: DatasetRef, query: string, rule: Rule): Promise<Job> {
  const params = { path: { name: dataset.name }, query: { workspace: dataset.workspace } };
  return ask(routes.POST("/api/datasets/{name}/consensus:accept", { params, body: { query, rule } }));
}

export function findJob(id: string): Promise<Job> {
  return ask(routes.GET("/api/jobs/{id}", { params: { path: { id } } }));
}

export function undoJob(id: string): Promise<Job> {
  return ask(routes.POST("/api/jobs/{id}:undo", { params: { path: { id } } }));
}
