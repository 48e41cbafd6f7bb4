/** Numbers of records that each person was given and has done; every number leads to its records. */

import { Badge, Table, Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { type Figure, peopleAgreementQuery } from "@/api/agreement";
import { type PersonProgress, timesQuery } from "@/api/team";
import { policiesQuery } from "@/api/review";
import type { DatasetRef } from "@/core/model";
import { n, t } from "@/text/en";
import { percentDone, percentOf, seconds as inSeconds } from "@/text/format";
import { teamText } from "@/text/team";
import { Bar } from "@/ui/bar";
import { Ago } from "@/ui/time";

import { RecordsLink } from "./records-link";
import classes from "./team.module.css";
import { day, isIdle } from "./times";

export function People({ dataset, people }: { dataset: DatasetRef; people: readonly PersonProgress[] }) {
  // oxlint-disable-next-line react/purity -- who was idle at the last render is good enough
  const now = Date.now();
  const times = useQuery(timesQuery(dataset)).data;
  const figures = new Map(useQuery(peopleAgreementQuery(dataset)).data?.map((each) => [each.person, each]));
  const { workspace, name } = dataset;
  const heads = [teamText.team.assigned, teamText.team.done, teamText.team.left, teamText.team.drafts];
  const skipsGo = teamText.team.skippedHint[useQuery(policiesQuery(dataset)).data?.skip ?? ""];
  return (
    <div className={classes["sheet"]}>
      <Table className={classes["table"] ?? ""} verticalSpacing={8} aria-label={teamText.team.people}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{teamText.team.person}</Table.Th>
            <Table.Th>{t.datasets.progress}</Table.Th>
            {heads.map((each) => (
              <Table.Th key={each} ta="end">
                {each}
              </Table.Th>
            ))}
            <Table.Th ta="end">{teamText.team.skipped}</Table.Th>
            <Table.Th ta="end" className={classes["late"] ?? ""}>
              <Tooltip label={teamText.team.timeHint}>
                <Text component="span" inherit tabIndex={0}>
                  {teamText.team.time}
                </Text>
              </Tooltip>
            </Table.Th>
            <Table.Th className={classes["late"] ?? ""}>
              <Tooltip label={teamText.team.agreementHint} multiline maw={300}>
                <Link className={classes["number"]} to="/datasets/$workspace/$name/agreement" params={{ workspace, name }} search={{}} preload={false}>
                  {teamText.team.agreement}
                </Link>
              </Tooltip>
            </Table.Th>
            <Table.Th>{teamText.team.lastActive}</Table.Th>
            <Table.Th>{teamText.team.finishAt}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {people.map((each) => (
            <Row key={each.annotator} dataset={dataset} person={each} idle={isIdle(each, now)} seconds={times?.get(each.annotator) ?? null} figure={figures.get(each.annotator)} />
          ))}
        </Table.Tbody>
      </Table>
      {skipsGo && people.some((each) => each.skipped > 0) && (
        <Text size="xs" c="dimmed" className={classes["note"] ?? ""}>
          {`${teamText.team.skipped}: ${skipsGo}`}
        </Text>
      )}
    </div>
  );
}

interface RowProps {
  readonly dataset: DatasetRef;
  readonly person: PersonProgress;
  readonly idle: boolean;
  readonly seconds: number | null;
  readonly figure: Figure | undefined;
}

function Row({ dataset, person, idle, seconds, figure }: RowProps) {
  const { annotator, done, skipped, drafts } = person;
  // what was skipped is no longer theirs, and the search behind the number does not find it
  const assigned = person.assigned - skipped;
  const left = assigned - done;
  const assignedTo = `assigned_to:${/^\w+$/.test(annotator) ? annotator : `"${annotator}"`}`;
  const answered = `_exists_:annotations.${annotator}`;
  const link = (what: string, count: number, search: string) => (
    <Table.Td ta="end">
      <RecordsLink dataset={dataset} count={count} search={search} label={teamText.team.show(what, annotator)} />
    </Table.Td>
  );
  const share = assigned ? done / assigned : 0;
  return (
    <Table.Tr>
      <Table.Th scope="row">
        {annotator}{" "}
        {idle && (
          <Tooltip label={teamText.team.idleHint}>
            <Badge color="yellow" tabIndex={0}>
              {teamText.team.idle}
            </Badge>
          </Tooltip>
        )}
        {!idle && assigned > 0 && !person.last_active && <Badge color="gray">{teamText.team.notStarted}</Badge>}
      </Table.Th>
      <Table.Td>
        <div className={classes["progress"]}>
          <Bar
            label={t.datasets.done(done, assigned)}
            parts={[{ kind: "done", share }]}
          />
          <span>{percentDone(share)}</span>
        </div>
      </Table.Td>
      {link(teamText.team.assigned, assigned, assignedTo)}
      {link(teamText.team.done, done, `${assignedTo} AND ${answered}`)}
      {link(teamText.team.left, left, `${assignedTo} AND NOT ${answered}`)}
      <Table.Td ta="end">{n(drafts)}</Table.Td>
      <Table.Td ta="end">{n(skipped)}</Table.Td>
      <Table.Td ta="end">{seconds ? inSeconds(seconds) : "–"}</Table.Td>
      <Table.Td>{figure ? <Agrees dataset={dataset} figure={figure} /> : "–"}</Table.Td>
      <Table.Td>
        <Ago time={person.last_active} />
      </Table.Td>
      <Table.Td>{left <= 0 ? teamText.team.finished : person.finish_at ? day(person.finish_at) : "–"}</Table.Td>
    </Table.Tr>
  );
}

/** Agreement of one person with the others; opens the records that it rests on. */
function Agrees({ dataset, figure }: { dataset: DatasetRef; figure: Figure }) {
  const { estimate, records, query, person } = figure;
  if (estimate === null) return <span className={classes["few"]}>{figure.undefined === "no_spans" ? teamText.team.noSpans : teamText.team.tooFew}</span>;
  const share = percentOf(estimate);
  const shown = teamText.team.agrees(share, records);
  return (
    <Link
      className={classes["number"]}
      to="/datasets/$workspace/$name"
      params={{ workspace: dataset.workspace, name: dataset.name }}
      search={{ q: query, view: "list" }}
      preload={false}
      aria-label={`${shown}, ${teamText.team.agreesOf(person ?? "", share, records)}`}
    >
      {shown}
    </Link>
  );
}
