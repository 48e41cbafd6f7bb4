/** Searching records. The `:search` routes answer without a schema; what they answer is said here. */

import type { AppRecord, DatasetRef } from "@/core/model";
import { readRecord, type WireRecord } from "@/core/wire";
import type { searchBody } from "@/core/view";

import { askExactly, client } from "./client";

export type SearchBody = ReturnType<typeof searchBody>;
export type Counts = Readonly<Record<string, number>>;

export interface Page {
  readonly total: number;
  readonly records: readonly AppRecord[];
}

interface WirePage {
  total: number;
  records: WireRecord[];
  aggregations?: Record<string, unknown>;
}

async function search(
  dataset: DatasetRef,
  body: SearchBody,
  page: { limit: number; from: number; facets: string },
  signal?: AbortSignal,
): Promise<WirePage> {
  return askExactly<WirePage>(
    client.POST("/api/datasets/{name}/{task}:search", {
      params: {
        path: { name: dataset.name, task: dataset.task },
        query: { workspace: dataset.workspace, ...page },
      },
      body: body as never,
      parseAs: "text",
      ...(signal ? { signal } : {}),
    }),
  );
}

export async function findRecords(
  dataset: DatasetRef,
  body: SearchBody,
  page: { limit: number; from: number },
  signal?: AbortSignal,
): Promise<Page> {
  const found = await search(dataset, body, { ...page, facets: "" }, signal);
  return { total: found.total, records: found.records.map((each) => readRecord(each, dataset.task)) };
}

/** How many records match, and how often each value of the facets occurs among them. */
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
