/** Settling at once all records that people agree on, with a way back. */

import { Button, Modal, Radio, Stack } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { acceptAgreed, findJob, isMissing, type Job, type Rule, undoJob } from "@/api/agreement";
import { progressKey } from "@/api/datasets";
import type { DatasetRef } from "@/core/model";
import { t } from "@/text/en";
import { reviewText } from "@/text/review";

import classes from "./review.module.css";

const POLL_MS = 700;
const ENDED = ["done", "failed", "interrupted"];

interface Props {
  readonly dataset: DatasetRef;
  /** Limits it to the records that match. */
  readonly q: string;
  /** Filters cannot be sent along, and more than what is shown must not be settled. */
  readonly filtered: boolean;
}

export function AcceptAgreed({ dataset, q, filtered }: Props) {
  const cache = useQueryClient();
  const [open, setOpen] = useState(false);
  const [rule, setRule] = useState<Rule>("unanimous");
  const [job, setJob] = useState<{ begun: Job; undoes: boolean } | null>(null);
  const begin = useMutation({
    mutationFn: () => acceptAgreed(dataset, q, rule),
    onSuccess: (begun) => { setJob({ begun, undoes: false }); },
  });
  const undo = useMutation({
    mutationFn: (id: string) => undoJob(id),
    onSuccess: (begun) => { setJob({ begun, undoes: true }); },
  });
  const followed = useQuery({
    queryKey: ["job", job?.begun.id],
    queryFn: () => findJob(job?.begun.id ?? ""),
    enabled: job !== null,
    refetchInterval: ({ state }) => (state.data && ENDED.includes(state.data.state) ? false : POLL_MS),
  });
  const now = followed.data ?? job?.begun;
  const ended = now !== undefined && ENDED.includes(now.state);

  useEffect(() => {
    if (!ended) return;
    void cache.invalidateQueries({ queryKey: ["settled", dataset.workspace, dataset.name] });
    void cache.invalidateQueries({ queryKey: ["case", dataset.workspace, dataset.name] });
    void cache.invalidateQueries({ queryKey: progressKey(dataset) });
  }, [ended, job, cache, dataset]);

  function close() {
    setOpen(false);
    if (!ended) return;
    setJob(null);
    begin.reset();
    undo.reset();
  }

  const failure = begin.error ?? undo.error ?? followed.error;
  return (
    <>
      <Button size="compact-sm" variant="default" disabled={filtered} title={filtered ? reviewText.notFiltered : undefined} onClick={() => { setOpen(true); }}>
        {reviewText.acceptAgreed}
      </Button>
      <Modal opened={open} onClose={close} title={reviewText.acceptAgreed}>
        <Stack gap="sm">
          {!job && (
            <Radio.Group label={q ? reviewText.acceptIntroOf(q) : reviewText.acceptIntro} value={rule} onChange={(value) => { setRule(value as Rule); }}>
              <Stack gap={6} mt="xs">
                <Radio value="unanimous" label={reviewText.whenAll} />
                <Radio value="majority" label={reviewText.whenMost} />
              </Stack>
            </Radio.Group>
          )}
          <div role="status">{now && inWords(now, job?.undoes ?? false)}</div>
          {failure && (
            <p role="alert" className={classes["failure"]}>
              {isMissing(failure) ? reviewText.cannotAccept : failure.message}
            </p>
          )}
          <div className={classes["choices"]}>
            {!job && (
              <Button loading={begin.isPending} onClick={() => { begin.mutate(); }}>
                {reviewText.accept}
              </Button>
            )}
            {ended && now.undoable && !job?.undoes && (
              <Button variant="default" loading={undo.isPending} onClick={() => { undo.mutate(now.id); }}>
                {t.annotate.undo}
              </Button>
            )}
            <Button variant="default" onClick={close}>
              {job ? t.common.close : t.common.cancel}
            </Button>
          </div>
        </Stack>
      </Modal>
    </>
  );
}

function inWords({ state, done, total, message, result }: Job, undoes: boolean): string {
  if (state === "failed" || state === "interrupted") return reviewText.jobFailed(message ?? state);
  if (state !== "done") return total === null ? reviewText.jobRuns(done) : reviewText.jobRunsOf(done, total);
  return undoes ? reviewText.acceptUndone(result?.changed ?? done) : reviewText.accepted(result?.changed ?? done);
}
