/** A change to all records that match, while the server makes it: how far it is, how it ended, how to take it back. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { progressKey } from "@/api/datasets";
import { applyToAll, type BulkChange, findJob, hasEnded, type Job, undoJob } from "@/api/jobs";
import { useOutbox } from "@/app/outbox-provider";
import type { DatasetRef } from "@/core/model";
import type { AnnotationSession } from "@/features/annotate/session/use-annotation-session";

const POLL_MS = 400;

export interface BulkJob {
  /** The job that runs or was the last to end; of an undoing, the undoing. */
  readonly job: Job | null;
  readonly undoes: boolean;
  readonly running: boolean;
  readonly failure: Error | null;
  readonly begin: (change: BulkChange) => void;
  /** Takes it back, if it is the last thing that was done here; says whether it will. */
  readonly undo: () => boolean;
  readonly dismiss: () => void;
}

export function useBulkJob(dataset: DatasetRef, { edits }: AnnotationSession): BulkJob {
  const cache = useQueryClient();
  const outbox = useOutbox();
  const [followed, setFollowed] = useState<{ job: Job; undoes: boolean; steps: number } | null>(null);
  const begin = useMutation({
    mutationFn: (change: BulkChange) => applyToAll(dataset, change),
    onSuccess: (job) => { setFollowed({ job, undoes: false, steps: edits.steps() }); },
  });
  const undo = useMutation({
    mutationFn: (id: string) => undoJob(id),
    onSuccess: (job) => { setFollowed({ job, undoes: true, steps: edits.steps() }); },
  });
  const id = followed?.job.id ?? "";
  const found = useQuery({
    queryKey: ["job", id],
    queryFn: () => findJob(id),
    enabled: followed !== null,
    refetchInterval: ({ state }) => (state.data && hasEnded(state.data) ? false : POLL_MS),
  });
  const job = followed ? (found.data ?? followed.job) : null;
  const ended = job !== null && hasEnded(job);

  // what the records say now is read anew, and what was known of them no longer counts
  const announced = useRef("");
  useEffect(() => {
    if (!ended || announced.current === id) return;
    announced.current = id;
    outbox.forgetSeen(dataset);
    for (const queryKey of [["records", dataset.workspace, dataset.name], progressKey(dataset), ["work"], ["facet"], ["stats"]])
      void cache.invalidateQueries({ queryKey });
  }, [ended, id, cache, dataset, outbox]);

  return {
    job,
    undoes: followed?.undoes ?? false,
    running: begin.isPending || undo.isPending || (followed !== null && !ended),
    failure: begin.error ?? undo.error ?? found.error,
    begin: (change) => { begin.mutate(change); },
    undo: () => {
      if (!followed || followed.undoes || !job?.undoable || edits.steps() > followed.steps) return false;
      undo.mutate(job.id);
      return true;
    },
    dismiss: () => {
      setFollowed(null);
      begin.reset();
      undo.reset();
    },
  };
}
