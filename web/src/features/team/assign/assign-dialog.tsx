/** Share records out: which, among whom, how; what would happen stands beside it all the time. */

import { Alert, Button, Group, Modal, Skeleton, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { ApiError } from "@/api/client";
import { makePlan, type Member, membersQuery, plansQuery, previewPlan, teamKey } from "@/api/team";
import type { DatasetRef } from "@/core/model";
import { firstForm, planOf, type PlanForm } from "@/core/plan-form";
import { t } from "@/text/en";
import { teamText } from "@/text/team";

import classes from "./assign.module.css";
import { PlanPreview } from "./plan-preview";
import { How, What, Who } from "./steps";

interface Props {
  readonly dataset: DatasetRef;
  /** Only records that this search finds, to begin with. */
  readonly search: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export default function AssignDialog(props: Props) {
  const members = useQuery(membersQuery(props.dataset.workspace));
  const plans = useQuery(plansQuery(props.dataset));
  const annotators = members.data?.filter((each) => each.role === "annotator" && each.global_role !== "admin");
  return (
    <Modal opened onClose={props.onClose} title={teamText.assign.title(props.dataset.name)} size={1040} centered={false}>
      {members.isError ? (
        <Alert color="red" variant="light" role="alert">
          {members.error.message}
        </Alert>
      ) : !annotators || plans.isPending ? (
        <Skeleton h={320} role="progressbar" aria-label={t.common.loading} />
      ) : annotators.length ? (
        <Form {...props} annotators={annotators} begun={Boolean(plans.data?.some((each) => each.state === "live"))} />
      ) : (
        <>
          <Text mb="md">{teamText.assign.nobody(props.dataset.workspace)}</Text>
          <Button renderRoot={(root) => <Link {...root} to="/people" search={{ workspace: props.dataset.workspace }} />}>{teamText.assign.addPeople}</Button>
        </>
      )}
    </Modal>
  );
}

/** Short enough to be read out to a colleague. */
const drawSeed = () => Math.floor(Math.random() * 1_000_000);

function Form({ dataset, search, annotators, begun, onClose, onDone }: Props & { annotators: Member[]; begun: boolean }) {
  const cache = useQueryClient();
  const [form, setForm] = useState(() => firstForm(annotators.map((each) => each.username), search, drawSeed(), begun));
  const change = (part: Partial<PlanForm>) => { setForm((before) => ({ ...before, ...part })); };
  const [asked] = useDebouncedValue(form, 250);
  const anybody = asked.people.some((each) => each.in);
  const preview = useQuery({
    queryKey: ["plan-preview", dataset.workspace, dataset.name, planOf(asked)],
    queryFn: ({ signal }) => previewPlan(dataset, planOf(asked), signal),
    enabled: anybody,
    placeholderData: keepPreviousData,
    gcTime: 60_000,
    staleTime: 0,
    retry: false,
  });
  const made = useMutation({
    mutationFn: (digest: string) => makePlan(dataset, planOf(asked), digest),
    onSuccess: async () => {
      await Promise.all([
        cache.invalidateQueries({ queryKey: teamKey(dataset) }),
        cache.invalidateQueries({ queryKey: ["datasets"] }),
      ]);
      onDone();
    },
    onError: () => void preview.refetch(),
  });
  const current = form === asked && !preview.isFetching && !preview.isError && anybody ? preview.data : undefined;
  const moved = made.error instanceof ApiError && made.error.status === 409;

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (current?.slots) made.mutate(current.digest);
      }}
    >
      <div className={classes["columns"]}>
        <div className={classes["steps"]}>
          <What form={form} change={change} dataset={dataset} />
          <Who form={form} change={change} members={annotators} />
          <How form={form} change={change} />
        </div>
        <aside className={classes["preview"]} aria-label={teamText.assign.preview}>
          <PlanPreview
            form={asked}
            found={preview.isError || !anybody ? undefined : preview.data}
            waiting={form !== asked || preview.isFetching}
            failure={anybody ? (preview.error?.message ?? null) : teamText.assign.choose}
          />
          {made.isError && (
            <Alert color={moved ? "yellow" : "red"} variant="light" role="alert" mt="sm">
              {moved ? teamText.assign.moved : made.error.message}
            </Alert>
          )}
          <Group mt="md" gap="xs">
            <Button type="submit" disabled={!current?.slots} loading={made.isPending}>
              {teamText.assign.apply(preview.data?.records ?? 0)}
            </Button>
            <Button variant="default" onClick={onClose}>
              {t.common.cancel}
            </Button>
          </Group>
        </aside>
      </div>
    </form>
  );
}
