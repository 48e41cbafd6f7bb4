/** Preview of a plan, in a sentence and per person. */

import { Alert, List, Text, Title } from "@mantine/core";

import type { Preview } from "@/api/team";
import { type PlanForm, sharedOf } from "@/core/plan-form";
import { n } from "@/text/en";
import { decimal, percent } from "@/text/format";
import { translated } from "@/text/translated";
import { teamText } from "@/text/team";

import classes from "./assign.module.css";

interface Props {
  readonly form: PlanForm;
  readonly found: Preview | undefined;
  readonly waiting: boolean;
  readonly failure: string | null;
}

export function PlanPreview({ form, found, waiting, failure }: Props) {
  return (
    <>
      <Title order={3} size="h5" mb={6}>
        {teamText.assign.preview}
      </Title>
      {failure && !waiting && (
        <Alert color="yellow" variant="light" role="alert">
          {failure}
        </Alert>
      )}
      {!found && waiting && <Text size="sm">{teamText.assign.looking}</Text>}
      {found && (
        <div className={waiting ? classes["waiting"] : undefined}>
          <Figures form={form} found={found} />
        </div>
      )}
    </>
  );
}

function Figures({ form, found }: { form: PlanForm; found: Preview }) {
  const loads = Object.entries(found.loads).sort(([, one], [, other]) => other - one);
  const missing = found.unassigned.reduce((sum, each) => sum + each.count, 0);
  const open = found.slots - loads.reduce((sum, [, count]) => sum + count, 0);
  const shared = sharedOf(form, found);
  const more = found.records ? (found.slots - found.records) / found.records : 0;
  const sentence = [
    teamText.assign.total(found.records, found.slots),
    ...(more > 0 ? [teamText.assign.extra(percent(more))] : []),
    ...(shared === null ? [] : [teamText.assign.shared(shared)]),
    teamText.assign.unassigned(missing),
    found.agreement_half_width === null ? teamText.assign.noAgreement : teamText.assign.agreement(decimal(found.agreement_half_width, 2)),
  ].join(", ");
  const most = Math.max(1, ...loads.map(([, count]) => count));
  return (
    <>
      <Text size="sm" role="status" fw={550}>
        {sentence}
      </Text>
      <ul className={classes["loads"]} aria-label={teamText.team.people}>
        {loads.map(([name, count]) => (
          <li key={name} className={classes["load"]}>
            <span title={name}>{name}</span>
            <span className={classes["bar"]} style={{ width: `${String((100 * count) / most)}%` }} />
            <span>{n(count)}</span>
          </li>
        ))}
      </ul>
      {open > 0 && <Text size="sm">{teamText.assign.open_(open)}</Text>}
      {found.pairs && (
        <Text size="sm" c="dimmed">
          {found.pairs.min === found.pairs.max ? teamText.assign.pairs(found.pairs.min) : teamText.assign.pairsFrom(found.pairs.min, found.pairs.max)}
        </Text>
      )}
      {found.agreement_half_width !== null && (
        <Text size="xs" c="dimmed" mt={4}>
          {found.agreement_case
            ? teamText.assign.assumes(found.agreement_case.classes, percent(found.agreement_case.accuracy), decimal(found.agreement_case.alpha, 2))
            : translated(found.agreement_assumes ?? "")}
        </Text>
      )}
      {(found.unassigned.length > 0 || found.warnings.length > 0) && (
        <List size="sm" mt="xs" spacing={4}>
          {found.unassigned.map((each) => (
            <List.Item key={each.reason}>{translated(each.reason)}</List.Item>
          ))}
          {found.warnings.map((each) => (
            <List.Item key={each}>{translated(each)}</List.Item>
          ))}
        </List>
      )}
    </>
  );
}
