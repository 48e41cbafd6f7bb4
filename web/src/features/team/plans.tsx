/** The plans of a dataset: what each says, how far it has come, and what can be changed. */

import { Badge, Button, Menu, Text, Title } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";

import type { Plan } from "@/api/team";
import type { DatasetRef } from "@/core/model";
import { lead } from "@/text/lead";
import { Bar } from "@/ui/bar";
import { Ago } from "@/ui/time";

import type { Verb } from "./change-dialog";
import classes from "./team.module.css";

const ChangeDialog = lazy(() => import("./change-dialog"));
const VERBS: Verb[] = ["rebalance", "move", "extend", "withdraw", "undo"];

export function Plans({ dataset, plans, leads }: { dataset: DatasetRef; plans: readonly Plan[]; leads: boolean }) {
  const [changing, setChanging] = useState<{ plan: Plan; verb: Verb } | null>(null);
  return (
    <section aria-label={lead.team.plans}>
      <Title order={2} mb="xs">
        {lead.team.plans}
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
    ...(plan.rules.length === 1 && rule ? [lead.team.overlap(rule)] : []),
    ...(rule?.where ? [lead.team.where(rule.where)] : []),
    ...(plan.blind ? [lead.team.blind] : []),
    ...(plan.standing ? [lead.team.standing] : []),
    ...(rule?.mode === "pull" ? [lead.team.pull] : []),
    ...(plan.adaptive ? [lead.team.adaptive(plan.adaptive.max)] : []),
    ...(plan.checks ? [lead.team.checks(typeof plan.checks === "number" ? plan.checks : plan.checks.share)] : []),
    ...(rule?.due ? [lead.team.due(rule.due)] : []),
    ...(plan.seed === undefined ? [] : [lead.team.seed(plan.seed)]),
  ];
  const state = lead.team.planStates[plan.state] ?? plan.state;
  return (
    <article className={classes["plan"]} data-undone={plan.state === "undone" || undefined}>
      <div>
        <Text size="sm" fw={600}>
          {lead.team.plan(people.length ? people : Object.keys(plan.loads), plan.records)} {state && <Badge color="gray">{state}</Badge>}
        </Text>
        <Text size="sm" c="dimmed">
          {facts.join(" · ")} · {lead.team.madeBy(plan.created_by)} <Ago time={plan.created_at} />
        </Text>
      </div>
      <div>
        <Text size="xs" mb={4}>
          {lead.team.answers(done, all)}
        </Text>
        <Bar label={lead.team.answers(done, all)} parts={[{ kind: "done", share: all ? done / all : 0 }]} />
      </div>
      {leads && plan.state === "live" && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button size="xs" variant="default" rightSection={<IconChevronDown size={14} />}>
              {lead.team.change}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {VERBS.map((verb) => (
              <Menu.Item key={verb} onClick={() => { onChange(verb); }} {...(verb === "undo" ? { color: "red" } : {})}>
                {lead.team.changes[verb]}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </article>
  );
}
