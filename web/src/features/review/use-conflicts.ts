/** The conflicts of a dataset one after the other, read ahead, in a list that does not shift as they are settled. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { mostDisputed } from "@/api/agreement";
import { findRecord, findRecords, type Page } from "@/api/records";
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

/** Place where reading goes on: among the most disputed, or among all by the order of the search. */
type Place = { readonly cursor: string | null } | { readonly from: number };

interface Chunk extends Page {
  readonly next: Place | null;
  /** Was it read in the order of the search? */
  readonly searched: boolean;
}

/** Filters and orders are the search's; without them the most disputed records come first, where the server knows them. */
async function read(dataset: DatasetRef, view: View, place: Place, signal: AbortSignal): Promise<Chunk> {
  const body = searchBody(inConflict(view));
  if ("cursor" in place) {
    const found = await mostDisputed(dataset, view.q.trim(), CHUNK, place.cursor);
    if (found?.ids.length) {
      const [page, all] = await Promise.all([
        findRecords(dataset, { query: { ids: [...found.ids] }, sort: [] }, { limit: CHUNK, from: 0 }, signal),
        findRecords(dataset, body, { limit: 0, from: 0 }, signal),
      ]);
      const byId = new Map(page.records.map((each) => [each.id, each]));
      const records = found.ids.flatMap((id) => byId.get(id) ?? []);
      return { total: all.total, records, searched: false, next: found.next === null ? { from: 0 } : { cursor: found.next } };
    }
  }
  const from = "from" in place ? place.from : 0;
  const page = await findRecords(dataset, body, { limit: CHUNK, from }, signal);
  const end = from + page.records.length;
  return { ...page, searched: true, next: page.records.length && end < page.total ? { from: end } : null };
}

/** `first` is a record to begin with, in conflict or not; `settled` those that were settled in the meantime. */
export function useConflicts(dataset: DatasetRef, view: View, first: string | null, settled: ReadonlySet<string>): Conflicts {
  const { q, filters, sort } = view;
  const plain = !sort.length && !Object.keys(filters).length;
  const pages = useInfiniteQuery({
    queryKey: ["conflicts", dataset.workspace, dataset.name, q, filters, sort],
    queryFn: ({ pageParam, signal }) => read(dataset, view, pageParam, signal),
    initialPageParam: (plain ? { cursor: null } : { from: 0 }) as Place,
    getNextPageParam: ({ next }, all) => {
      if (!next || "cursor" in next || !next.from) return next;
      // what has been settled no longer matches, so what follows has moved up
      const read = (chunks: readonly Chunk[]) => new Set(chunks.filter((each) => each.searched).flatMap((each) => each.records.map(({ id }) => id)));
      const seen = read(all);
      if (seen.size === read(all.slice(0, -1)).size) return null;
      return { from: [...seen].filter((id) => !settled.has(id)).length };
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
