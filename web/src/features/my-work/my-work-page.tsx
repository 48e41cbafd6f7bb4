/** Home page of annotators: what is left for them in each dataset, and one button straight into the next record. */

import { Anchor, Button, Skeleton, Text, Title } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { type Work, workQuery } from "@/api/work";
import { Inbox } from "@/app/inbox";
import { t } from "@/text/en";
import { frameText } from "@/text/frame";
import { Bar } from "@/ui/bar";
import { Empty } from "@/ui/empty";
import { Ago } from "@/ui/time";

import { ChangedAnswers } from "./changed-answers";
import classes from "./my-work.module.css";

export function MyWorkPage() {
  const found = useQuery({ ...workQuery, refetchOnMount: "always" });
  // what was begun comes before what was not
  const open = found.data?.map((each, at) => ({ ...each, at })).filter((each) => each.left > 0) ?? [];
  const next = (open.find((each) => each.done + each.drafts > 0) ?? open[0])?.at ?? -1;
  return (
    <main className="page" data-top>
      <title>{`${t.work.title} · ${t.app}`}</title>
      <Title order={1} mb="md">
        {t.work.title}
      </Title>
      <ChangedAnswers />
      <Inbox />
      {found.isPending ? (
        <Skeleton h={120} role="progressbar" aria-label={t.common.loading} />
      ) : found.isError ? (
        <Empty title={t.work.failed} alert>
          <p>{found.error.message}</p>
          <Button onClick={() => void found.refetch()}>{t.common.retry}</Button>
        </Empty>
      ) : found.data.length === 0 ? (
        <Empty title={t.work.none}>
          <p>{t.work.noneIntro}</p>
          <Anchor component={Link} to="/datasets">
            {t.annotate.back}
          </Anchor>
        </Empty>
      ) : (
        <ul className={classes["list"]}>
          {found.data.map((each, at) => (
            <Card key={each.dataset} work={each} first={at === next} />
          ))}
          {next < 0 && <li className={classes["later"]}>{frameText.allDone}</li>}
        </ul>
      )}
    </main>
  );
}

function Card({ work, first }: { work: Work; first: boolean }) {
  const { workspace, name, left, done, drafts, skipped } = work;
  const total = Math.max(work.assigned, done + left);
  const share = (count: number) => (total ? count / total : 0);
  const facts = [t.work.done(done, total), ...(drafts ? [t.work.drafts(drafts)] : []), ...(skipped ? [t.work.skipped(skipped)] : [])];
  return (
    <li className={classes["card"]}>
      <div className={classes["what"]}>
        <Title order={2} size="md">
          {left ? t.work.headline(left, name) : name}
        </Title>
        <Text size="xs" c="dimmed">
          {workspace} · {t.tasks[work.task]} ·{" "}
          <Anchor component={Link} to="/datasets/$workspace/$name" params={{ workspace, name } as never} size="xs" underline="always">
            {t.work.open(name)}
          </Anchor>
        </Text>
      </div>
      {left > 0 ? (
        <Button
          renderRoot={(props: object) => (
            <Link {...props} to="/datasets/$workspace/$name" params={{ workspace, name }} search={{ view: "queue" }} />
          )}
          variant={first ? "filled" : "default"}
          rightSection={<IconArrowRight size={16} />}
          aria-label={`${done || drafts ? t.work.continue : t.work.start}: ${name}`}
        >
          {done || drafts ? t.work.continue : t.work.start}
        </Button>
      ) : (
        <Text size="sm" c="dimmed">
          {t.work.nothingLeft}
        </Text>
      )}
      <div className={classes["progress"]}>
        <Bar
          label={t.work.done(done, total)}
          parts={[
            { kind: "done", share: share(done) },
            { kind: "draft", share: share(drafts) },
          ]}
        />
        <Text size="xs" c="dimmed">
          {facts.join(" · ")}
          {work.finish_at && left > 0 && (
            <>
              {" "}
              · {t.work.finish} <Ago time={work.finish_at} />
            </>
          )}
        </Text>
      </div>
    </li>
  );
}
