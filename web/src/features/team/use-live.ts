/** Keeps a page of the team as it is on the server, at most once a second. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { watchDataset } from "@/api/live";
import { teamKey } from "@/api/team";
import type { DatasetRef } from "@/core/model";

const PAUSE = 1_000;

/** Whether the page is told of what happens; null before the first answer. */
export function useLive(dataset: DatasetRef): boolean | null {
  const cache = useQueryClient();
  const [live, setLive] = useState<boolean | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onEvent = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void cache.invalidateQueries({ queryKey: teamKey(dataset) });
      }, PAUSE);
    };
    const stop = watchDataset(dataset, onEvent, setLive);
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [cache, dataset]);
  return live;
}
