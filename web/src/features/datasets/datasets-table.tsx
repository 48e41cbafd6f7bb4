/** The table of datasets. How far each is gets asked for row by row, so that the list is there at once. */

import { Badge, Group, Skeleton, Table, Text, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconCopy, IconLink } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { base } from "@/api/client";
import { type Dataset, progressQuery, refOf } from "@/api/datasets";
import { n, t } from "@/text/en";
import { Bar } from "@/ui/bar";
import { Copy } from "@/ui/copy";
import { Ago } from "@/ui/time";

import { tagsOf } from "./choose";
import classes from "./datasets.module.css";

export function DatasetsTable(props: { datasets: Dataset[]; sort: string; onSort: (sort: string) => void }) {
  const head = (column: string, name: string) => (
    <SortHead name={name} column={column} sort={props.sort} onSort={props.onSort} />
  );
  return (
    <div className={classes["sheet"]}>
      <Table className={classes["table"] ?? ""} verticalSpacing={9} highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {head("name", t.datasets.name)}
            {head("workspace", t.datasets.workspace)}
            {head("task", t.datasets.task)}
            <Table.Th>{t.datasets.tags}</Table.Th>
            <Table.Th ta="right">{t.datasets.records}</Table.Th>
            <Table.Th>{t.datasets.progress}</Table.Th>
            {head("updated", t.datasets.updated)}
            <Table.Th>
              <span className="sr-only">{t.datasets.actions}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {props.datasets.map((each) => (
            <Row key={each.id} dataset={each} />
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

function Row({ dataset }: { dataset: Dataset }) {
  const { workspace, name } = dataset;
  const link = `${window.location.origin}${base}datasets/${encodeURIComponent(workspace)}/${encodeURIComponent(name)}`;
  const tags = tagsOf(dataset);
  return (
    <Table.Tr>
      <Table.Td>
        <Link to="/datasets/$workspace/$name" params={{ workspace, name }} className={classes["name"]}>
          {name}
        </Link>
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
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function ProgressCells({ dataset }: { dataset: Dataset }) {
  const progress = useQuery(progressQuery(refOf(dataset)));
  if (progress.isError) {
    return (
      <>
        <Table.Td ta="right">–</Table.Td>
        <Table.Td>–</Table.Td>
      </>
    );
  }
  if (!progress.data) {
    return (
      <>
        <Table.Td>
          <Skeleton h={14} w={48} ml="auto" />
        </Table.Td>
        <Table.Td>
          <Skeleton h={6} w={150} />
        </Table.Td>
      </>
    );
  }
  const { total, validated, discarded } = progress.data;
  const done = validated + discarded;
  const label = t.datasets.done(done, total);
  return (
    <>
      <Table.Td ta="right" className={classes["number"] ?? ""}>
        {n(total)}
      </Table.Td>
      <Table.Td>
        <div className={classes["progress"]} title={label}>
          <Bar
            label={label}
            parts={[
              { kind: "done", share: total ? validated / total : 0 },
              { kind: "discarded", share: total ? discarded / total : 0 },
            ]}
          />
          <span className={classes["number"]}>{t.datasets.percent(total ? done / total : 0)}</span>
        </div>
      </Table.Td>
    </>
  );
}
