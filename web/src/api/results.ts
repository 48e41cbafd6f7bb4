/** Values of records, and everybody's answers to them: a page of records in one request, for who leads. */

import { queryOptions } from "@tanstack/react-query";

import type { AppRecord, DatasetRef } from "@/core/model";

import { ask, client } from "./client";
import { type Answered, type Decision, readAnswered, readGold } from "./review";
import type { components } from "./schema";

export type Resolution = components["schemas"]["ResolutionOut"];

/** One record's answers, a person's decision if there is one, and how the answers resolve. */
export interface RecordResult {
  readonly answers: readonly Answered[];
  readonly gold: Decision | null;
  readonly resolution: Resolution | null;
}

/** By the id of the record. */
export const resultsQuery = (dataset: DatasetRef, records: readonly AppRecord[]) =>
  queryOptions({
    queryKey: ["resolutions", dataset.workspace, dataset.name, records.map((each) => each.id)],
    queryFn: () => findResults(dataset, records),
    staleTime: 0,
    gcTime: 0,
  });

async function findResults(dataset: DatasetRef, records: readonly AppRecord[]): Promise<ReadonlyMap<string, RecordResult>> {
  const params = { path: { name: dataset.name }, query: { workspace: dataset.workspace } };
  const found = await ask(client.POST("/api/datasets/{name}/records/:resolutions", { params, body: { ids: records.map((each) => each.id) } }));
  const byId = new Map(records.map((each) => [each.id, each]));
  return new Map(
    found.records.flatMap((each) => {
      const record = byId.get(each.id);
      if (!record) return [];
      return [[each.id, { answers: readAnswered(each.annotations, record), gold: readGold(each.gold, record), resolution: each.resolution ?? null }] as const];
    }),
  );
}
