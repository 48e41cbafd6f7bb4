/** Everybody of all teams, and every dataset that is shared out. */

import { Badge, Table, Title, Tooltip } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import type { TeamDataset } from "@/api/lead";
import { remainingOf, type Person } from "@/core/overview";
import { n, t } from "@/text/en";
import { percentDone } from "@/text/format";
import { manageText } from "@/text/manage";
import { Bar } from "@/ui/bar";
import sheet from "@/ui/sheet.module.css";
import { Ago, readTime } from "@/ui/time";

import classes from "./overview.module.css";
import { day } from "./times";

export function People({ people }: { people: readonly Person[] }) {
  return (
    <section aria-label={manageText.overview.people}>
      <Title order={2} mb="xs">
        {manageText.overview.people}
      </Title>
      <div className={sheet["sheet"]}>
        <Table className={sheet["table"] ?? ""} verticalSpacing={8} aria-label={manageText.overview.people}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{manageText.overview.person}</Table.Th>
              <Table.Th>{manageText.overview.state}</Table.Th>
              <Table.Th>{t.datasets.progress}</Table.Th>
              <Table.Th className={sheet["number"] ?? ""}>{manageText.overview.left}</Table.Th>
              <Table.Th>{manageText.overview.lastActive}</Table.Th>
              <Table.Th>{manageText.overview.where}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {people.map((each) => (
              <Table.Tr key={each.name}>
                <Table.Th scope="row">{each.name}</Table.Th>
                <Table.Td>
                  {/* whoever was never given anything is not out of it */}
                  {each.state === "out" && each.assigned === 0 ? (
                    "–"
                  ) : (
                    <Tooltip label={manageText.overview.stateHints[each.state]}>
                      <Badge color="gray" tabIndex={0} miw="max-content">
                        {manageText.overview.states[each.state]}
                      </Badge>
                    </Tooltip>
                  )}
                </Table.Td>
                <Table.Td>{each.assigned > 0 && <Done done={each.done} total={each.assigned} />}</Table.Td>
                <Table.Td className={sheet["number"] ?? ""}>{n(each.left)}</Table.Td>
                <Table.Td className={sheet["nowrap"] ?? ""}>
                  <Ago time={each.lastActive} />
                </Table.Td>
                <Table.Td>
                  <span className={classes["links"]}>
                    {each.where.map(({ workspace, name, left }) => (
                      <Link key={`${workspace}/${name}`} to="/datasets/$workspace/$name/team" params={{ workspace, name }} search={{}}>
                        {name} ({n(left)})
                      </Link>
                    ))}
                  </span>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </section>
  );
}

function Done({ done, total }: { done: number; total: number }) {
  const share = total ? done / total : 0;
  return (
    <div className={classes["progress"]}>
      <Bar label={t.datasets.done(done, total)} parts={[{ kind: "done", share }]} />
      <span>{percentDone(share)}</span>
    </div>
  );
}

export function Datasets({ datasets }: { datasets: readonly TeamDataset[] }) {
  // oxlint-disable-next-line react/purity -- what was late at the last render is good enough
  const now = Date.now();
  return (
    <section aria-label={manageText.overview.datasets}>
      <Title order={2} mb="xs">
        {manageText.overview.datasets}
      </Title>
      <div className={sheet["sheet"]}>
        <Table className={sheet["table"] ?? ""} verticalSpacing={8} aria-label={manageText.overview.datasets}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{manageText.overview.dataset}</Table.Th>
              <Table.Th>{manageText.people.workspace}</Table.Th>
              <Table.Th>{manageText.overview.answers}</Table.Th>
              <Table.Th className={sheet["number"] ?? ""}>{manageText.overview.conflictsHead}</Table.Th>
              <Table.Th className={sheet["number"] ?? ""}>{manageText.overview.freeHead}</Table.Th>
              <Table.Th>{manageText.overview.due}</Table.Th>
              <Table.Th>{manageText.overview.finish}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {datasets.map((each) => {
              const { workspace, name } = each;
              const assigned = each.people.reduce((sum, person) => sum + person.assigned, each.open);
              const done = each.people.reduce((sum, person) => sum + person.done, 0);
              const left = each.people.some((person) => remainingOf(person) > 0);
              return (
                <Table.Tr key={each.dataset}>
                  <Table.Th scope="row">
                    <span className={classes["links"]}>
                      <Link to="/datasets/$workspace/$name/team" params={{ workspace, name }} search={{}}>
                        {name}
                      </Link>
                    </span>
                  </Table.Th>
                  <Table.Td>{workspace}</Table.Td>
                  <Table.Td>
                    <Done done={done} total={assigned} />
                  </Table.Td>
                  <Table.Td className={sheet["number"] ?? ""}>
                    <span className={classes["links"]} style={{ justifyContent: "flex-end" }}>
                      {each.in_conflict > 0 ? (
                        <Link to="/datasets/$workspace/$name/review" params={{ workspace, name }} search={{}}>
                          {n(each.in_conflict)}
                          <span className="sr-only"> {manageText.overview.toReviewOf(name)}</span>
                        </Link>
                      ) : (
                        "0"
                      )}
                    </span>
                  </Table.Td>
                  <Table.Td className={sheet["number"] ?? ""}>{n(each.free)}</Table.Td>
                  <Table.Td className={`${sheet["nowrap"] ?? ""} ${classes["due"] ?? ""}`} data-late={each.due !== null && readTime(each.due).getTime() < now ? true : undefined}>
                    {each.due ? day(each.due) : manageText.overview.noDue}
                  </Table.Td>
                  <Table.Td className={sheet["nowrap"] ?? ""}>{!left && each.open === 0 ? manageText.start.done : each.finish_at ? day(each.finish_at) : manageText.overview.noDue}</Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </div>
    </section>
  );
}
