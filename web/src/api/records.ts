/** Searching records. */

import type { AppRecord, DatasetRef } from "@/core/model";
import { readRecord } from "@/core/wire";

import { ask, askExactly, client } from "./client";
import type { Counts, SearchBody, SearchPage } from "./shapes";

export type { Counts, SearchBody } from "./shapes";

export interface Page {
  readonly total: number;
  readonly records: readonly AppRecord[];
  /** Records that others have logged and that the search index of a large dataset does not have yet. */
  readonly late?: number;
}

const LATE = "X-Apportion-Lag";

async function search(
  dataset: DatasetRef,
  body: SearchBody,
  page: { limit: number; from: number; facets: string },
  signal?: AbortSignal,
): Promise<SearchPage & { late: number }> {
  const call = client.POST("/api/datasets/{name}/{task}:search", {
    params: {
      path: { name: dataset.name, task: dataset.task },
      query: { workspace: dataset.workspace, ...page },
    },
    body,
    parseAs: "text",
    ...(signal ? { signal } : {}),
  });
  const found = await askExactly<SearchPage>(call);
  const { response } = await call;
  return { ...found, late: Number(response.headers.get(LATE) ?? 0) };
}

export async function findRecords(
  dataset: DatasetRef,
  body: SearchBody,
  page: { limit: number; from: number },
  signal?: AbortSignal,
): Promise<Page> {
  const found = await search(dataset, body, { ...page, facets: "" }, signal);
  return { total: found.total, records: found.records.map((each) => readRecord(each, dataset.task)), late: found.late };
}

/** A vector whose neighbours are wanted, and the record it belongs to. */
export interface Near {
  readonly record: AppRecord;
  readonly vector: string;
  readonly value: readonly number[];
}

/** So many neighbours are shown. */
export const NEAREST = 50;

/** A record with one of its vectors; null where either is not there (any more). */
export async function findNear(dataset: DatasetRef, id: string, vector: string): Promise<Near | null> {
  const found = await search(dataset, { query: { ids: [id] }, sort: [] }, { limit: 1, from: 0, facets: "" });
  const wire = found.records[0];
  const value = wire?.vectors?.[vector]?.value;
  return wire && value ? { record: readRecord(wire, dataset.task), vector, value } : null;
}

/** The same search, but the nearest to a record first, without that record itself. */
export function nearest(body: SearchBody, near: Near | null): SearchBody {
  if (!near) return body;
  const text = body.query.query_text;
  const others = `NOT id:"${near.record.id.replace(/["\\]/g, "\\$&")}"`;
  return {
    sort: [],
    query: {
      ...body.query,
      query_text: text ? `(${text}) AND ${others}` : others,
      vector: { name: near.vector, value: [...near.value], k: NEAREST },
    },
  };
}

/** The record as the server has it, to look at. */
export async function rawRecord({ workspace, name }: DatasetRef, id: string): Promise<string> {
  const text = await ask(
    client.GET("/api/datasets/{name}/records/{id}", { params: { path: { name, id }, query: { workspace } }, parseAs: "text" }),
  );
  return String(text);
}

/** Count the records that match, and how often each value of the facets occurs among them. */
export async function countRecords(
  dataset: DatasetRef,
  body: SearchBody,
  facets: readonly string[],
  signal?: AbortSignal,
): Promise<{ total: number; aggregations: Record<string, Counts>; metadata: Record<string, Counts> }> {
  const found = await search(dataset, body, { limit: 0, from: 0, facets: facets.join(",") }, signal);
  const { metadata = {}, ...aggregations } = found.aggregations ?? {};
  return {
    total: found.total,
    aggregations: aggregations as Record<string, Counts>,
    metadata: metadata as Record<string, Counts>,
  };
}

/** One record by its id; null where there is none (any more). */
export async function findRecord(dataset: DatasetRef, id: string, signal?: AbortSignal): Promise<AppRecord | null> {
  const body = { query: { ids: [id] }, sort: [] };
  return (await findRecords(dataset, body, { limit: 1, from: 0 }, signal)).records[0] ?? null;
}
