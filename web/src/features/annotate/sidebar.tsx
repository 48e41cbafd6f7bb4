/** How far the dataset is, and what is known of the record in front of one. */

import { Text, Title, UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { progressQuery } from "@/api/datasets";
import { workQuery } from "@/api/work";
import type { Desk } from "@/core/desk";
import type { DatasetRef } from "@/core/model";
import type { View } from "@/core/view";
import { say } from "@/text/annotating";
import { n, t } from "@/text/en";
import { Bar } from "@/ui/bar";
import { Ago } from "@/ui/time";

import { Own } from "./own";
import classes from "./sidebar.module.css";
import { useHeld } from "./use-desk";

const Stats = lazy(() => import("./stats"));

interface Props {
  readonly dataset: DatasetRef;
  readonly desk: Desk;
  readonly record: string | null;
  readonly view: View;
  readonly onView: (part: Partial<View>) => void;
  readonly onFlag: (id: string) => void;
}

export function Sidebar({ dataset, desk, record, view, onView, onFlag }: Props) {
  const held = useHeld(desk, record ?? "");
  return (
    <>
      <MyShare dataset={dataset} />
      <Progress dataset={dataset} />
      {held && <Own key={held.record.id} dataset={dataset} held={held} onFlag={onFlag} />}
      {record !== null && <About desk={desk} id={record} view={view} onView={onView} />}
      <Counted dataset={dataset} view={view} onView={onView} />
    </>
  );
}

/** How far I am with what was assigned to me here. */
function MyShare({ dataset }: { dataset: DatasetRef }) {
  const { data } = useQuery(workQuery);
  const mine = data?.find((each) => each.workspace === dataset.workspace && each.name === dataset.name);
  if (!mine?.assigned) return null;
  const { done, drafts, skipped, left } = mine;
  const total = done + left;
  const facts = [say.mine.done(done, total), ...(drafts ? [say.mine.drafts(drafts)] : []), ...(skipped ? [say.mine.skipped(skipped)] : [])];
  return (
    <section className={classes["part"]}>
      <div className={classes["row"]}>
        <Title order={2} size="sm">
          {say.mine.title}
        </Title>
        <Text size="sm" fw={600} className={classes["number"] ?? ""}>
          {t.datasets.percent(total ? done / total : 0)}
        </Text>
      </div>
      <Bar
        label={say.mine.done(done, total)}
        parts={[
          { kind: "done", share: total ? done / total : 0 },
          { kind: "draft", share: total ? drafts / total : 0 },
        ]}
      />
      <Text size="xs" c="dimmed">
        {facts.join(" · ")}
      </Text>
    </section>
  );
}

/** Counts over what matches, asked for when they are opened. */
function Counted(props: { dataset: DatasetRef; view: View; onView: (part: Partial<View>) => void }) {
  const [open, setOpen] = useState(false);
  return (
    <section className={classes["part"]}>
      <UnstyledButton className={classes["fold"] ?? ""} aria-expanded={open} onClick={() => { setOpen(!open); }}>
        <IconChevronRight size={14} aria-hidden />
        <Title order={2} size="sm">
          {say.stats.title}
        </Title>
      </UnstyledButton>
      {open && (
        <Suspense>
          <Stats {...props} />
        </Suspense>
      )}
    </section>
  );
}

function Progress({ dataset }: { dataset: DatasetRef }) {
  const { data } = useQuery(progressQuery(dataset));
  if (!data) return null;
  const { total, validated, discarded } = data;
  const done = validated + discarded;
  const left = total - done;
  return (
    <section className={classes["part"]}>
      <div className={classes["row"]}>
        <Title order={2} size="sm">
          {t.annotate.progress}
        </Title>
        <Text size="sm" fw={600} className={classes["number"] ?? ""}>
          {t.datasets.percent(total ? done / total : 0)}
        </Text>
      </div>
      <Bar
        label={t.datasets.done(done, total)}
        parts={[
          { kind: "done", share: total ? validated / total : 0 },
          { kind: "discarded", share: total ? discarded / total : 0 },
        ]}
      />
      <div className={classes["row"]}>
        <Text size="xs" c="dimmed">
          {t.annotate.validatedCount(validated)}
          {discarded > 0 && `, ${t.annotate.discardedCount(discarded)}`}
        </Text>
        <Text size="xs" c="dimmed">
          {left > 0 ? t.annotate.left(left) : t.annotate.allDone}
        </Text>
      </div>
    </section>
  );
}

function About({ desk, id, view, onView }: Pick<Props, "desk" | "view" | "onView"> & { id: string }) {
  const held = useHeld(desk, id);
  if (!held) return null;
  const { record } = held;
  const agents = record.suggestions.map((each) => each.agent).filter(Boolean);
  const facts: [string, React.ReactNode][] = [[t.annotate.id, record.id]];
  if (record.author) facts.push([t.annotate.by, record.author]);
  if (agents.length) facts.push([t.filters.names["predicted_by"] ?? "", agents.join(", ")]);
  if (record.eventTimestamp) facts.push([t.annotate.eventTime, <Ago key="time" time={record.eventTimestamp} />]);
  if (record.lastUpdated) facts.push([t.annotate.lastUpdated, <Ago key="last" time={record.lastUpdated} />]);
  const metadata = Object.entries(record.metadata).filter(([key]) => !key.startsWith("_"));
  return (
    <>
      <section className={classes["part"]}>
        <Title order={2} size="sm">
          {t.annotate.record}
        </Title>
        <dl className={classes["facts"]}>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
      {metadata.length > 0 && (
        <section className={classes["part"]}>
          <Title order={2} size="sm">
            {t.annotate.metadata}
          </Title>
          <dl className={classes["facts"]}>
            {metadata.map(([key, value]) => (
              <div key={key}>
                <dt>{key}</dt>
                <dd>
                  {typeof value === "string" ? (
                    <UnstyledButton
                      className={classes["value"] ?? ""}
                      title={t.annotate.filterBy(key, value)}
                      onClick={() => { onView({ filters: { ...view.filters, [`metadata.${key}`]: [value] }, page: 1, record: null }); }}
                    >
                      {value}
                    </UnstyledButton>
                  ) : typeof value === "number" ? (
                    n(value)
                  ) : (
                    JSON.stringify(value)
                  )}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </>
  );
}
