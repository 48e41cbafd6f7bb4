/** Keeps a page of the team as it is on the server: counts at most once a second, what takes long now and then. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { subscribeToDataset } from "@/api/live";
import { teamKey } from "@/api/team";
import type { DatasetRef } from "@/core/model";

const PAUSE = 1_000;
/** Between two looks at figures for which the server reads every answer. */
const LONG_PAUSE = 15_000;

/** True while events reach the page; null before the first answer. */
export function useLive(dataset: DatasetRef): boolean | null {
  const cache = useQueryClient();
  const [live, setLive] = useState<boolean | null>(null);
  useEffect(() => {
    const { workspace, name } = dataset;
    const timers = new Map<number, ReturnType<typeof setTimeout>>();
    const after = (pause: number, keys: readonly (readonly string[])[]) => {
      if (timers.has(pause)) return;
      timers.set(pause, setTimeout(() => {
        timers.delete(pause);
        for (const queryKey of keys) void cache.invalidateQueries({ queryKey });
      }, pause));
    };
    const onEvent = () => {
      after(PAUSE, [teamKey(dataset)]);
      after(LONG_PAUSE, [["times", workspace, name], ["agreement", workspace, name]]);
    };
    const stop = subscribeToDataset(dataset, onEvent, setLive);
    return () => {
      stop();
      for (const timer of timers.values()) clearTimeout(timer);
    };
  }, [cache, dataset]);
  return live;
}
