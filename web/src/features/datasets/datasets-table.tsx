/** The table of datasets, each with how far it is. */

import { ActionIcon, Badge, Group, Table, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconCopy, IconLink, IconTrash } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, Suspense, useState } from "react";

import { base } from "@/api/client";
import type { ListedDataset } from "@/api/datasets";
import { meQuery } from "@/api/session";
import { manages } from "@/core/roles";
import { n, t } from "@/text/en";
import { percentDone } from "@/text/format";
import { manageText } from "@/text/manage";
import { Bar } from "@/ui/bar";
import { Copy } from "@/ui/copy";
import { panel } from "@/ui/panel";
import { Ago } from "@/ui/time";

import { tagsOf } from "./choose";
import classes from "./datasets.module.css";

const DeleteDataset = panel(() => import("@/app/delete-dataset"));

export function DatasetsTable(props: { datasets: ListedDataset[]; sort: string; onSort: (sort: string) => void }) {
  const head = (column: string, name: string) => (
    <SortHead name={name} column={column} sort={props.sort} onSort={props.onSort} />
  );
  const { data: me } = useSuspenseQuery(meQuery);
  const leading = props.datasets.some((each) => each.slots !== null);
  return (
    <div className={classes["sheet"]}>
      <Table className={classes["table"] ?? ""} verticalSpacing={9} highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {head("name", t.datasets.name)}
            {head("workspace", t.datasets.workspace)}
            {head("task", t.datasets.task)}
            <Table.Th>{t.datasets.tags}</Table.Th>
            <Table.Th ta="end">{t.datasets.records}</Table.Th>
            <Table.Th>{t.datasets.progress}</Table.Th>
            {leading && <Table.Th>{t.datasets.team}</Table.Th>}
            {head("updated", t.datasets.updated)}
            <Table.Th>
              <span className="sr-only">{t.datasets.actions}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {props.datasets.map((each) => (
            <Row key={each.dataset} dataset={each}>
              {leading && <TeamCell dataset={each} leads={manages(me, each.workspace)} />}
            </Row>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function SortHead(props: { name: string; column: string; sort: string; onSort: (sort: string) => void }) {
  const active = props.sort.replace(/^-/, "") === props.column;
  const down = props.sort.startsWith("-");
  const next = active ? (down ? props.column : `-${props.column}`) : props.column === "updated" ? "-updated" : props.column;
  return (
    <Table.Th aria-sort={active ? (down ? "descending" : "ascending") : "none"}>
      <UnstyledButton className={classes["sort"] ?? ""} onClick={() => { props.onSort(next); }}>
        {props.name}
        {active && (down ? <IconArrowDown size={14} aria-hidden /> : <IconArrowUp size={14} aria-hidden />)}
      </UnstyledButton>
    </Table.Th>
  );
}

function Row({ dataset, children }: { dataset: ListedDataset; children: ReactNode }) {
  const { workspace, name } = dataset;
  const link = `${window.location.origin}${base}datasets/${encodeURIComponent(workspace)}/${encodeURIComponent(name)}`;
  const tags = tagsOf(dataset);
  const { data: me } = useSuspenseQuery(meQuery);
  const [deleting, setDeleting] = useState(false);
  return (
    <Table.Tr>
      <Table.Td>
        <Link to="/datasets/$workspace/$name" params={{ workspace, name }} className={classes["name"]}>
          {name}
        </Link>
        <span className={classes["where"]}>{workspace}</span>
      </Table.Td>
      <Table.Td>{workspace}</Table.Td>
      <Table.Td className={classes["nowrap"] ?? ""}>{t.tasks[dataset.task]}</Table.Td>
      <Table.Td>
        <Group gap={4}>
          {tags.slice(0, 3).map((tag) => (
            <Badge key={tag} color="gray" size="md">
              {tag}
            </Badge>
          ))}
          {tags.length > 3 && (
            <Text size="xs" c="dimmed" title={tags.slice(3).join("\n")}>
              +{tags.length - 3}
            </Text>
          )}
        </Group>
      </Table.Td>
      <ProgressCells dataset={dataset} />
      {children}
      <Table.Td className={classes["nowrap"] ?? ""}>
        <Ago time={dataset.last_updated} />
      </Table.Td>
      <Table.Td>
        <Group gap={2} wrap="nowrap" justify="flex-end">
          <Copy text={name} label={t.datasets.copyName(name)}>
            <IconCopy size={16} />
          </Copy>
          <Copy text={link} label={t.datasets.copyLink(name)}>
            <IconLink size={16} />
          </Copy>
          {(manages(me, workspace) || dataset.created_by === me.username) && (
            <Tooltip label={manageText.remove.open(name)}>
              <ActionIcon aria-label={manageText.remove.open(name)} onClick={() => { setDeleting(true); }}>
                <IconTrash size={16} />
              </ActionIcon>
            </Tooltip>
          )}
          {deleting && (
            <Suspense>
              <DeleteDataset workspace={workspace} name={name} records={dataset.records} onClose={() => { setDeleting(false); }} onDone={() => { setDeleting(false); }} />
            </Suspense>
          )}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function ProgressCells({ dataset }: { dataset: ListedDataset }) {
  const { records, statuses } = dataset;
  const [validated, discarded] = [statuses["Validated"] ?? 0, statuses["Discarded"] ?? 0];
  const label = t.datasets.done(validated + discarded, records);
  return (
    <>
      <Table.Td ta="end" className={classes["number"] ?? ""}>
        {n(records)}
      </Table.Td>
      <Table.Td>
        <div className={classes["progress"]} title={label}>
          <Bar
            label={label}
            parts={[
              { kind: "done", share: records ? validated / records : 0 },
              { kind: "discarded", share: records ? discarded / records : 0 },
            ]}
          />
          <span className={classes["number"]}>{percentDone(records ? (validated + discarded) / records : 0)}</span>
        </div>
      </Table.Td>
    </>
  );
}

/** Link to assigning the records, or the progress of the team. */
function TeamCell({ dataset, leads }: { dataset: ListedDataset; leads: boolean }) {
  const { workspace, name, slots } = dataset;
  const live = slots ? (slots["pending"] ?? 0) + (slots["leased"] ?? 0) + (slots["done"] ?? 0) + (slots["skipped"] ?? 0) : 0;
  if (!slots) return <Table.Td />;
  return (
    <Table.Td className={classes["nowrap"] ?? ""}>
      <Link
        to="/datasets/$workspace/$name/team"
        params={{ workspace, name }}
        search={live === 0 && leads ? { assign: "1" } : {}}
        className={classes["team"]}
      >
        {live ? t.datasets.answers(slots["done"] ?? 0, live) : leads ? t.datasets.assign : t.datasets.team}
        <span className="sr-only">, {!live && leads ? t.datasets.assignOf(name) : t.datasets.teamOf(name)}</span>
      </Link>
    </Table.Td>
  );
}
