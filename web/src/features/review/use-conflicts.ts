/** The conflicts of a dataset one after the other, read ahead, in a list that does not shift as they are settled. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { findRecord, findRecords } from "@/api/records";
import type { AppRecord, DatasetRef } from "@/core/model";
import { searchBody, type View } from "@/core/view";

const CHUNK = 20;

export interface Conflicts {
  readonly records: readonly AppRecord[];
  readonly total: number;
  readonly loading: boolean;
  readonly failure: Error | null;
  /** Has everything been read that is in conflict? */
  readonly complete: boolean;
  readonly more: () => void;
  readonly reload: () => void;
}

/** The view narrowed to conflicts. */
export function inConflict(view: View): View {
  return { ...view, q: view.q.trim() ? `(${view.q}) AND conflict:true` : "conflict:true" };
}

/** `first` is a record to begin with, in conflict or not; `settled` those that were settled in the meantime. */
export function useConflicts(dataset: DatasetRef, view: View, first: string | null, settled: ReadonlySet<string>): Conflicts {
  const body = useMemo(() => searchBody(inConflict(view)), [view]);
  const key = [dataset.workspace, dataset.name, body.query, body.sort];
  const pages = useInfiniteQuery({
    queryKey: ["conflicts", ...key],
    queryFn: ({ pageParam, signal }) => findRecords(dataset, body, { limit: CHUNK, from: pageParam }, signal),
    initialPageParam: 0,
    getNextPageParam: (last, all) => {
      // what has been settled no longer matches, so what follows has moved up
      const open = all.flatMap((each) => each.records).filter((each) => !settled.has(each.id)).length;
      return last.records.length && open < last.total ? open : undefined;
    },
    staleTime: Infinity,
    gcTime: 0,
  });
  const linked = useQuery({
    queryKey: ["conflicts-first", dataset.workspace, dataset.name, first],
    queryFn: () => findRecord(dataset, first ?? ""),
    enabled: first !== null,
    staleTime: Infinity,
    gcTime: 0,
  });

  const records = useMemo(() => {
    const found = new Map((pages.data?.pages ?? []).flatMap((each) => each.records).map((each) => [each.id, each]));
    if (!linked.data || found.has(linked.data.id)) return [...found.values()];
    return [linked.data, ...found.values()];
  }, [pages.data, linked.data]);

  return {
    records,
    total: Math.max(pages.data?.pages[0]?.total ?? 0, records.length),
    loading: pages.isPending || (first !== null && linked.isPending),
    failure: pages.error,
    complete: !pages.hasNextPage,
    more: () => { if (pages.hasNextPage && !pages.isFetchingNextPage) void pages.fetchNextPage(); },
    reload: () => void pages.refetch(),
  };
}
