/** Values that the filters offer: counted by the server under the other filters. */

import { queryOptions } from "@tanstack/react-query";

import { type Counts, countRecords, type SearchBody } from "@/api/records";
import type { DatasetRef } from "@/core/model";

/** Keys of the metadata, in the order of the alphabet. */
export const metadataKeysQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: ["metadata-keys", dataset.workspace, dataset.name],
    queryFn: async () => Object.keys((await countRecords(dataset, { query: {}, sort: [] }, ["metadata"])).metadata).sort(),
    staleTime: 60_000,
  });

const METADATA = "metadata.";

export function metadataKey(filter: string): string | null {
  return filter.startsWith(METADATA) ? filter.slice(METADATA.length) : null;
}

/** Counts of each value of a filter. */
export const facetQuery = (dataset: DatasetRef, body: SearchBody, filter: string) =>
  queryOptions({
    queryKey: ["facet", dataset.workspace, dataset.name, filter, body.query],
    queryFn: async ({ signal }): Promise<Counts> => {
      const key = metadataKey(filter);
      const counted = await countRecords(dataset, { ...body, sort: [] }, [key === null ? filter : "metadata"], signal);
      return (key === null ? counted.aggregations[filter] : counted.metadata[key]) ?? {};
    },
    staleTime: 5_000,
  });
