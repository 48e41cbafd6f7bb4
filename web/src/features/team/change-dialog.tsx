/** Change a plan: say what, see what would move, then do it. */

import { Alert, Button, Checkbox, Group, Modal, Select, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { changePlan, type Difference, extendPlan, membersQuery, type Plan, teamKey } from "@/api/team";
import type { DatasetRef } from "@/core/model";
import { n, t } from "@/text/en";
import { translated } from "@/text/translated";
import { teamText } from "@/text/team";

import { type Asked, changeOf, type Verb } from "./plan-change";
import classes from "./team.module.css";

interface Props {
  readonly dataset: DatasetRef;
  readonly plan: Plan;
  readonly verb: Verb;
  readonly onClose: () => void;
}

export default function ChangeDialog({ dataset, plan, verb, onClose }: Props) {
  const cache = useQueryClient();
  const members = useQuery(membersQuery(dataset.workspace));
  const inPlan = namesIn(plan);
  const annotators = (members.data ?? []).filter((each) => each.role === "annotator" && each.global_role !== "admin").map((each) => each.username);
  const [given, setGiven] = useState<Partial<Asked>>({});
  // whoever left the workspace cannot get work any more
  const asked: Asked = { users: inPlan.filter((each) => annotators.includes(each)), level: false, from: null, to: null, ...given };
  const change = changeOf(verb, plan, asked);
  const ready = members.data !== undefined && change !== null;
  const run = async (dryRun: boolean): Promise<Difference> => {
    if (!change) throw new Error("nothing to do");
    if (change.verb !== "extend") return changePlan(dataset, plan.id, change, dryRun);
    const found = await extendPlan(dataset, plan.id, dryRun);
    return { dry_run: dryRun, added: found.slots, removed: 0, moved: 0, kept: 0, loads: found.loads, unassigned: found.unassigned };
  };
  const looked = useQuery({
    queryKey: [...teamKey(dataset), "change", plan.id, change],
    queryFn: () => run(true),
    enabled: ready,
    retry: false,
    gcTime: 0,
  });
  const done = useMutation({
    mutationFn: () => run(false),
    onSuccess: async () => {
      await Promise.all([
        cache.invalidateQueries({ queryKey: teamKey(dataset) }),
        cache.invalidateQueries({ queryKey: ["datasets"] }),
      ]);
      onClose();
    },
    onError: () => void looked.refetch(),
  });
  const empty = looked.data && !looked.data.added && !looked.data.removed && !looked.data.moved;
  // a plan of which nothing is open can still be undone
  const possible = ready && looked.data && !looked.isFetching && (!empty || verb === "undo");

  return (
    <Modal opened onClose={onClose} title={teamText.team.changes[verb]} size="md">
      <form onSubmit={(event) => { event.preventDefault(); if (possible) done.mutate(); }}>
        <Stack gap="sm">
          <Text size="sm">{teamText.team.changeIntro[verb]}</Text>
          <Questions verb={verb} asked={asked} inPlan={inPlan} annotators={annotators} onChange={(part) => { setGiven({ ...given, ...part }); }} />
          {ready && (
            <section className={classes["diff"]} aria-label={teamText.team.difference} aria-live="polite">
              <Title order={3} size="h5">
                {teamText.team.difference}
              </Title>
              {looked.isError ? (
                <Text size="sm">{looked.error.message}</Text>
              ) : looked.data ? (
                <Diff found={looked.data} before={plan} />
              ) : (
                <Text size="sm">{teamText.assign.looking}</Text>
              )}
            </section>
          )}
          {done.isError && (
            <Alert color="red" variant="light" role="alert">
              {done.error.message}
            </Alert>
          )}
          <Group gap="xs">
            <Button type="submit" disabled={!possible} loading={done.isPending} {...(verb === "undo" ? { color: "red" } : {})}>
              {teamText.team.applyChange}
            </Button>
            <Button variant="default" onClick={onClose}>
              {t.common.cancel}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function namesIn(plan: Plan): string[] {
  return [...new Set([...Object.keys(plan.loads), ...Object.keys(plan.progress.annotators)])].sort();
}

interface QuestionProps {
  readonly verb: Verb;
  readonly asked: Asked;
  readonly inPlan: readonly string[];
  readonly annotators: readonly string[];
  readonly onChange: (part: Partial<Asked>) => void;
}

function Questions({ verb, asked, inPlan, annotators, onChange }: QuestionProps) {
  if (verb === "rebalance") {
    return (
      <>
        <Checkbox.Group
          label={teamText.team.amongWhom}
          value={[...asked.users]}
          onChange={(users) => { onChange({ users: annotators.filter((each) => users.includes(each)) }); }}
        >
          <Stack gap={6} mt={4}>
            {annotators.map((each) => (
              <Checkbox key={each} value={each} label={each} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Checkbox label={teamText.team.level} checked={asked.level} onChange={(event) => { onChange({ level: event.currentTarget.checked }); }} />
      </>
    );
  }
  if (verb === "move" || verb === "withdraw") {
    return (
      <Group grow>
        <Select
          label={teamText.team.from}
          placeholder={verb === "withdraw" ? teamText.team.everybody : ""}
          data={[...inPlan]}
          value={asked.from}
          clearable={verb === "withdraw"}
          onChange={(from) => { onChange({ from }); }}
        />
        {verb === "move" && (
          <Select
            label={teamText.team.to}
            data={annotators.filter((each) => each !== asked.from)}
            value={asked.to}
            onChange={(to) => { onChange({ to }); }}
          />
        )}
      </Group>
    );
  }
  return null;
}

function Diff({ found, before }: { found: Difference; before: Plan }) {
  const { diff } = teamText.team;
  const loads = Object.entries(found.loads ?? {}).filter(([, change]) => change !== 0);
  const now = (name: string) => {
    const states = before.progress.annotators[name];
    return states ? states.pending + states.leased + states.done + states.skipped : 0;
  };
  const lines = [
    ...(found.moved ? [diff.moved(found.moved)] : []),
    ...(found.added ? [diff.added(found.added)] : []),
    ...(found.removed ? [diff.removed(found.removed)] : []),
  ];
  return (
    <>
      <Text size="sm" fw={550} role="status">
        {lines.length ? lines.join(", ") : diff.none}
      </Text>
      <ul>
        {loads.map(([name, change]) => (
          <li key={name}>
            {name}: {n(now(name))} → {n(now(name) + change)} ({change > 0 ? "+" : "−"}
            {n(Math.abs(change))})
          </li>
        ))}
        {found.kept > 0 && <li>{diff.kept(found.kept)}</li>}
        {(found.unassigned ?? []).map((each) => (
          <li key={each.reason}>{translated(each.reason)}</li>
        ))}
        {(found.refused ?? []).length > 0 && (
          <li>
            {diff.refused(found.refused?.length ?? 0)} {[...new Set(found.refused?.map((each) => translated(each.why)))].slice(0, 3).join("; ")}
          </li>
        )}
      </ul>
    </>
  );
}
