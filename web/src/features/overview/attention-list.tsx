/** Items that need attention, most pressing first, each with what to do about it. */

import { Alert, Button, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconArrowsSplit2, IconClock, IconClockExclamation, IconHandOff, IconInbox, IconMoodEmpty, IconPlayerPause, IconUserOff } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { takeBack, teamOverviewQuery } from "@/api/lead";
import { meQuery } from "@/api/session";
import type { AttentionItem } from "@/core/overview";
import { manages } from "@/core/roles";
import { list } from "@/text/format";
import { manageText } from "@/text/manage";
import { Ago } from "@/ui/time";
import sheet from "@/ui/sheet.module.css";
import { useSuspenseQuery } from "@tanstack/react-query";

import classes from "./overview.module.css";
import { day } from "./times";

const ICONS = { stale: IconHandOff, overdue: IconClockExclamation, late: IconClock, gone: IconUserOff, idle: IconMoodEmpty, new: IconPlayerPause, out: IconInbox, free: IconArrowsSplit2, conflicts: IconAlertTriangle };

export function AttentionList({ items }: { items: readonly AttentionItem[] }) {
  const cache = useQueryClient();
  const { data: me } = useSuspenseQuery(meQuery);
  const taken = useMutation({
    mutationFn: async (item: Extract<AttentionItem, { kind: "stale" }>) => ({
      person: item.person,
      count: await takeBack({ workspace: item.workspace, name: item.dataset }, [item.person]),
    }),
    onSettled: () => cache.invalidateQueries({ queryKey: teamOverviewQuery.queryKey }),
  });
  return (
    <section aria-label={manageText.overview.attention}>
      <Title order={2} mb="xs">
        {manageText.overview.attention}
      </Title>
      <div role="status">
        {taken.isSuccess && (
          <Alert variant="light" color="pine" mb="xs">
            {manageText.overview.taken(taken.data.person, taken.data.count)}
          </Alert>
        )}
        {taken.isError && (
          <Alert variant="light" color="red" mb="xs">
            {taken.error.message}
          </Alert>
        )}
      </div>
      <div className={sheet["sheet"]}>
        {items.length ? (
          <ul className={classes["items"]}>
            {items.map((each) => {
              const Icon = ICONS[each.kind];
              const [message, more] = words(each);
              return (
                <li key={keyOf(each)} className={classes["item"]} data-kind={each.kind}>
                  <Icon size={20} aria-hidden />
                  <span className={classes["message"]}>
                    {message}
                    {more && <small>{more}</small>}
                  </span>
                  {each.kind === "stale" && manages(me, each.workspace) ? (
                    <Button size="xs" variant="default" loading={taken.isPending && taken.variables === each} aria-label={manageText.overview.takeBackOf(each.person, each.dataset)} onClick={() => { taken.mutate(each); }}>
                      {manageText.overview.takeBack}
                    </Button>
                  ) : (
                    <Go item={each} leads={manages(me, each.workspace)} />
                  )}
                </li>
              );
            })}
          </ul>
        ) : (
          <Text size="sm" c="dimmed" p="md">
            {manageText.overview.fine}
          </Text>
        )}
      </div>
    </section>
  );
}

const keyOf = (each: AttentionItem) => [each.kind, each.workspace, "dataset" in each ? each.dataset : "", "person" in each ? each.person : ""].join("/");

function words(each: AttentionItem): [string, ReactNode] {
  const o = manageText.overview;
  switch (each.kind) {
    case "stale":
      return [o.stale(each.person, each.records), <>{each.dataset}. {o.staleIntro} <Ago time={each.seen} />.</>];
    case "overdue":
      return [o.overdue(each.dataset), <>{o.lateDue} {day(each.due)}</>];
    case "late":
      return [o.late(each.dataset), each.finish ? `${o.lateDue} ${day(each.due)}, ${o.lateAt} ${day(each.finish)}` : `${o.lateDue} ${day(each.due)}. ${o.lateUnknown}`];
    case "gone":
      return [o.gone(each.person, each.records), `${each.dataset}. ${o.goneIntro}`];
    case "idle":
      return [o.idle(each.person, each.records), <>{each.dataset}. {o.idleSince} <Ago time={each.lastActive} />.</>];
    case "new":
      return [o.notStarted(list(each.people), each.people.length), `${each.dataset}. ${o.notStartedIntro(each.records)}`];
    case "out":
      return [`${o.out(list(each.people), each.people.length)} ${o.outIntro(each.workspace)}`, null];
    case "free":
      return [o.free(each.records, each.dataset), null];
    case "conflicts":
      return [o.conflicts(each.records, each.dataset), null];
  }
}

function Go({ item, leads }: { item: AttentionItem; leads: boolean }) {
  if (!("dataset" in item)) return null;
  const params = { workspace: item.workspace, name: item.dataset };
  if (item.kind === "conflicts") {
    return (
      <Button size="xs" variant="default" aria-label={manageText.overview.toReviewOf(item.dataset)} renderRoot={(props: object) => <Link {...props} to="/datasets/$workspace/$name/review" params={params} search={{}} />}>
        {manageText.overview.toReview}
      </Button>
    );
  }
  const assign = item.kind === "free" && leads;
  return (
    <Button
      size="xs"
      variant="default"
      aria-label={assign ? manageText.overview.toAssignOf(item.dataset) : manageText.overview.toTeamOf(item.dataset)}
      renderRoot={(props: object) => <Link {...props} to="/datasets/$workspace/$name/team" params={params} search={assign ? { assign: "1" } : {}} />}
    >
      {assign ? manageText.overview.toAssign : manageText.overview.toTeam}
    </Button>
  );
}
