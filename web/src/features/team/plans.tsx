/** The plans of a dataset: what each says, how far it has come, and what can be changed. */

import { Badge, Button, Menu, Text, Title } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";

import type { Plan } from "@/api/team";
import type { DatasetRef } from "@/core/model";
import { list } from "@/text/format";
import { overlapText, teamText } from "@/text/team";
import { Bar } from "@/ui/bar";
import { Ago } from "@/ui/time";

import type { Verb } from "./plan-change";
import classes from "./team.module.css";

const ChangeDialog = lazy(() => import("./change-dialog"));
const VERBS: Verb[] = ["rebalance", "move", "extend", "withdraw", "undo"];

export function Plans({ dataset, plans, leads }: { dataset: DatasetRef; plans: readonly Plan[]; leads: boolean }) {
  const [changing, setChanging] = useState<{ plan: Plan; verb: Verb } | null>(null);
  return (
    <section aria-label={teamText.team.plans}>
      <Title order={2} mb="xs">
        {teamText.team.plans}
      </Title>
      <div className={classes["sheet"]}>
        {plans.map((each) => (
          <Row key={each.id} plan={each} leads={leads} onChange={(verb) => { setChanging({ plan: each, verb }); }} />
        ))}
      </div>
      {changing && (
        <Suspense>
          <ChangeDialog key={`${changing.plan.id} ${changing.verb}`} dataset={dataset} {...changing} onClose={() => { setChanging(null); }} />
        </Suspense>
      )}
    </section>
  );
}

function Row({ plan, leads, onChange }: { plan: Plan; leads: boolean; onChange: (verb: Verb) => void }) {
  const { done, skipped, pending, leased, annotators } = plan.progress;
  const all = done + skipped + pending + leased;
  const people = Object.entries(annotators)
    .filter(([, states]) => states.done + states.pending + states.leased + states.skipped > 0)
    .map(([name]) => name);
  const rule = plan.rules[0];
  const facts = [
    ...(plan.rules.length === 1 && rule ? overlapText(rule) : []),
    ...(rule?.where ? [teamText.team.where(rule.where)] : []),
    ...(plan.blind ? [teamText.team.blind] : []),
    ...(plan.standing ? [teamText.team.standing] : []),
    ...(rule?.mode === "pull" ? [teamText.team.pull] : []),
    ...(plan.adaptive ? [teamText.team.adaptive(plan.adaptive.max)] : []),
    ...(plan.checks ? [teamText.team.checks(Math.round((typeof plan.checks === "number" ? plan.checks : plan.checks.share) * 100))] : []),
    ...(rule?.due ? [teamText.team.due(rule.due)] : []),
    ...(plan.seed === undefined ? [] : [teamText.team.seed(plan.seed)]),
  ];
  const state = teamText.team.planStates[plan.state] ?? plan.state;
  return (
    <article className={classes["plan"]} data-undone={plan.state === "undone" || undefined}>
      <div>
        <Text size="sm" fw={600}>
          {teamText.team.plan(list(people.length ? people : Object.keys(plan.loads)), plan.records)} {state && <Badge color="gray">{state}</Badge>}
        </Text>
        <Text size="sm" c="dimmed">
          {facts.join(" · ")} · {teamText.team.madeBy(plan.created_by)} <Ago time={plan.created_at} />
        </Text>
      </div>
      <div>
        <Text size="xs" mb={4}>
          {teamText.team.answers(done, all)}
        </Text>
        <Bar label={teamText.team.answers(done, all)} parts={[{ kind: "done", share: all ? done / all : 0 }]} />
      </div>
      {leads && plan.state === "live" && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button size="xs" variant="default" rightSection={<IconChevronDown size={14} />}>
              {teamText.team.change}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {VERBS.map((verb) => (
              <Menu.Item key={verb} onClick={() => { onChange(verb); }} {...(verb === "undo" ? { color: "red" } : {})}>
                {teamText.team.changes[verb]}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </article>
  );
}
