/** Home page of those who lead teams: what to begin with, what needs attention, who does what, what is due. */

import { Button, Skeleton, Stack, Title } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";

import { datasetsQuery } from "@/api/datasets";
import { teamOverviewQuery } from "@/api/lead";
import { meQuery } from "@/api/session";
import { Inbox } from "@/app/inbox";
import { attentionItems, peopleOf } from "@/core/overview";
import { managesSomething, seesSomething } from "@/core/roles";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import { Empty } from "@/ui/empty";

import { AttentionList } from "./attention-list";
import classes from "./overview.module.css";
import { Start } from "./start";
import { Datasets, People } from "./tables";

const AGAIN = 15_000;

export function OverviewPage() {
  const { data: me } = useSuspenseQuery(meQuery);
  return (
    <main className="page" data-top>
      <title>{`${manageText.overview.title} · ${t.app}`}</title>
      <Title order={1} mb="md">
        {manageText.overview.title}
      </Title>
      {seesSomething(me) ? <Overview admin={me.role === "admin"} leads={managesSomething(me)} /> : <Empty title={manageText.overview.none}>{manageText.overview.noneIntro}</Empty>}
    </main>
  );
}

function Overview({ admin, leads }: { admin: boolean; leads: boolean }) {
  const found = useQuery({ ...teamOverviewQuery, refetchOnMount: "always", refetchInterval: AGAIN, refetchOnWindowFocus: true });
  const datasets = useQuery({ ...datasetsQuery, refetchOnMount: "always" });
  const failure = found.error ?? datasets.error;
  if (failure && !(found.data && datasets.data)) {
    return (
      <Empty title={manageText.overview.failed} alert>
        <p>{failure.message}</p>
        <Button onClick={() => { void found.refetch(); void datasets.refetch(); }}>{t.common.retry}</Button>
      </Empty>
    );
  }
  if (!found.data || !datasets.data) {
    return (
      <Stack role="status" aria-label={t.common.loading}>
        <Skeleton h={120} />
        <Skeleton h={220} />
      </Stack>
    );
  }
  // oxlint-disable-next-line react/purity -- as of the last look at the server
  const now = Date.now();
  const team = found.data;
  const assigned = team.datasets.length > 0;
  const begun = team.members.length > 0 && datasets.data.length > 0 && assigned;
  return (
    <div className={classes["page"]}>
      {!begun && leads && <Start annotators={new Set(team.members.map((each) => each.username)).size} datasets={datasets.data} assigned={assigned} admin={admin} />}
      {assigned ? (
        <>
          <Inbox />
          <AttentionList items={attentionItems(team, now)} />
          <People people={peopleOf(team, now)} />
          <Datasets datasets={team.datasets} />
        </>
      ) : (
        <>
        <Inbox />
        {!leads && <Empty title={manageText.overview.nothing}>{manageText.overview.nothingIntro}</Empty>}
        </>
      )}
    </div>
  );
}
