/** Progress of the dataset, and what is known of the record in front of one. */

import { Text, Title, UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { type ReactNode, Suspense, useState } from "react";

import { progressQuery } from "@/api/datasets";
import { meQuery } from "@/api/session";
import { policiesQuery, type Work, workQuery } from "@/api/work";
import type { EditSession } from "@/core/edit-session";
import type { DatasetRef } from "@/core/model";
import { sees } from "@/core/roles";
import type { View } from "@/core/view";
import { useRecordEdit } from "@/features/annotate/session/use-annotation-session";
import { n, t } from "@/text/en";
import { percentDone } from "@/text/format";
import { toolsText } from "@/text/tools";
import { Bar } from "@/ui/bar";
import { panel } from "@/ui/panel";
import { Ago } from "@/ui/time";

import { MyAnswer } from "./my-answer";
import classes from "./sidebar.module.css";

const MatchingRules = panel(() => import("./matching-rules"));
const Stats = panel(() => import("./stats"));

interface Props {
  readonly dataset: DatasetRef;
  readonly edits: EditSession;
  readonly record: string | null;
  /** The record is shown as it stands, not to be answered. */
  readonly results: boolean;
  readonly view: View;
  readonly onView: (part: Partial<View>) => void;
  readonly onFlag: (id: string) => void;
}

export default function Sidebar({ dataset, edits, record, results, view, onView, onFlag }: Props) {
  const edit = useRecordEdit(edits, record ?? "");
  return (
    <>
      <HowFar dataset={dataset} />
      {edit && <MyAnswer key={edit.record.id} results={results} dataset={dataset} edit={edit} onFlag={onFlag} />}
      {record !== null && <About edits={edits} id={record} view={view} onView={onView} />}
      {record !== null && dataset.task === "TextClassification" && (
        <Folded title={toolsText.matchingRules.title}>
          <MatchingRules dataset={dataset} id={record} />
        </Folded>
      )}
      <Folded title={toolsText.stats.title}>
        <Stats dataset={dataset} view={view} onView={onView} />
      </Folded>
    </>
  );
}

/** Progress with what was assigned to me here, and that of all; once where these are the same. */
function HowFar({ dataset }: { dataset: DatasetRef }) {
  const { data: me } = useSuspenseQuery(meQuery);
  const { data: work } = useQuery(workQuery);
  const { data: policies } = useQuery(policiesQuery(dataset.workspace, dataset.name));
  const mine = work?.find((each) => each.workspace === dataset.workspace && each.name === dataset.name && each.assigned > 0);
  const onlyMine = policies?.visibility === "assigned" && !sees(me, dataset.workspace);
  return (
    <>
      {mine && <MyShare mine={mine} />}
      {!(onlyMine && (mine || !work)) && <Progress dataset={dataset} />}
    </>
  );
}

function MyShare({ mine: { done, drafts, skipped, left } }: { mine: Work }) {
  const total = done + left;
  const facts = [toolsText.mine.done(done, total), ...(drafts ? [toolsText.mine.drafts(drafts)] : []), ...(skipped ? [toolsText.mine.skipped(skipped)] : [])];
  return (
    <Gauge
      title={toolsText.mine.title}
      label={toolsText.mine.done(done, total)}
      total={total}
      done={done}
      parts={[["done", done], ["draft", drafts]]}
      facts={[facts.join(" · ")]}
    />
  );
}

function Progress({ dataset }: { dataset: DatasetRef }) {
  const { data } = useQuery(progressQuery(dataset));
  if (!data) return null;
  const { total, validated, discarded } = data;
  const done = validated + discarded;
  const left = total - done;
  return (
    <Gauge
      title={t.annotate.progress}
      label={t.datasets.done(done, total)}
      total={total}
      done={done}
      parts={[["done", validated], ["discarded", discarded]]}
      facts={[
        `${t.annotate.validatedCount(validated)}${discarded > 0 ? `, ${t.annotate.discardedCount(discarded)}` : ""}`,
        left > 0 ? t.annotate.left(left) : t.annotate.allDone,
      ]}
    />
  );
}

interface GaugeProps {
  readonly title: string;
  /** The bar in words. */
  readonly label: string;
  readonly total: number;
  readonly done: number;
  readonly parts: readonly (readonly ["done" | "discarded" | "draft", number])[];
  readonly facts: readonly string[];
}

function Gauge({ title, label, total, done, parts, facts }: GaugeProps) {
  const share = (count: number) => (total ? count / total : 0);
  return (
    <section className={classes["part"]}>
      <div className={classes["row"]}>
        <Title order={2} size="sm">
          {title}
        </Title>
        <Text size="sm" fw={600} className={classes["number"] ?? ""}>
          {percentDone(share(done))}
        </Text>
      </div>
      <Bar label={label} parts={parts.map(([kind, count]) => ({ kind, share: share(count) }))} />
      <div className={classes["row"]}>
        {facts.map((each) => (
          <Text key={each} size="xs" c="dimmed">
            {each}
          </Text>
        ))}
      </div>
    </section>
  );
}

/** A part that is asked for when it is opened. */
function Folded({ title, children }: { title: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <section className={classes["part"]}>
      <UnstyledButton className={classes["fold"] ?? ""} aria-expanded={open} onClick={() => { setOpen(!open); }}>
        <IconChevronRight size={14} aria-hidden />
        <Title order={2} size="sm">
          {title}
        </Title>
      </UnstyledButton>
      {open && <Suspense>{children}</Suspense>}
    </section>
  );
}

function About({ edits, id, view, onView }: Pick<Props, "edits" | "view" | "onView"> & { id: string }) {
  const edit = useRecordEdit(edits, id);
  if (!edit) return null;
  const { record } = edit;
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
