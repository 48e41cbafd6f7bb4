/** Events of a dataset, newest first: what one person did in a row is one line, comments come with their words. */

import { Button, Select, Text, Title, UnstyledButton } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { eventsKey, readEvents, type TeamEvent, teamProgressQuery } from "@/api/team";
import { commentsQuery } from "@/api/work";
import { type Burst, burstsOf } from "@/core/bursts";
import type { DatasetRef } from "@/core/model";
import { chartsText } from "@/text/charts";
import { compare, date } from "@/text/format";
import { teamText } from "@/text/team";
import { Ago, readTime } from "@/ui/time";

import { didText, eventText, reasonOf } from "./event-text";
import classes from "./team.module.css";

const words = chartsText.events;
const EVERYBODY = "";

function useEvents(dataset: DatasetRef, who: string) {
  const found = useInfiniteQuery({
    queryKey: eventsKey(dataset, who),
    queryFn: ({ pageParam }) => readEvents(dataset, who, pageParam),
    initialPageParam: "",
    getNextPageParam: (last) => last.next,
  });
  return { found, events: found.data?.pages.flatMap((each) => each.events) };
}

export function Events({ dataset }: { dataset: DatasetRef }) {
  const [who, setWho] = useState(EVERYBODY);
  const everyones = useEvents(dataset, EVERYBODY).events ?? [];
  const { found, events } = useEvents(dataset, who);
  const progress = useQuery(teamProgressQuery(dataset)).data;
  const people = [...new Set([...(progress?.annotators ?? []).map((each) => each.annotator), ...everyones.map((each) => each.who)])].sort(compare);
  const bursts = burstsOf(events ?? []);
  return (
    <section aria-label={teamText.team.history}>
      <div className={classes["heading"]}>
        <Title order={2} mb="xs">
          {teamText.team.history}
        </Title>
        {people.length > 1 && (
          <Select
            size="xs"
            w={180}
            mb="xs"
            allowDeselect={false}
            aria-label={words.who}
            data={[{ value: EVERYBODY, label: words.everyone }, ...people.map((value) => ({ value, label: value }))]}
            value={who}
            onChange={(name) => { setWho(name ?? EVERYBODY); }}
          />
        )}
      </div>
      {found.isError && <Text role="alert">{found.error.message}</Text>}
      {events?.length === 0 && <Text c="dimmed">{teamText.team.noEvents}</Text>}
      {bursts.length > 0 && (
        <ul className={`${classes["sheet"] ?? ""} ${classes["events"] ?? ""}`}>
          {bursts.map((each) => (
            <li key={each.events.at(-1)?.no}>
              <Ago time={each.events[0]?.at ?? null} />
              <EventLine dataset={dataset} burst={each} />
            </li>
          ))}
        </ul>
      )}
      {found.hasNextPage && (
        <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {teamText.team.olderEvents}
        </Button>
      )}
    </section>
  );
}

const timeOf = (event: TeamEvent | undefined) => (event ? date(readTime(event.at), { hour: "2-digit", minute: "2-digit" }) : "");

function EventLine({ dataset, burst }: { dataset: DatasetRef; burst: Burst<TeamEvent> }) {
  const [open, setOpen] = useState(false);
  const [event] = burst.events;
  if (!event) return null;
  if (burst.events.length === 1) return <One dataset={dataset} event={event} />;
  const [began, ended] = [timeOf(burst.events.at(-1)), timeOf(event)];
  const reasons = new Map(burst.events.flatMap((each) => (each.record === null ? [] : [[each.record, reasonOf(each)] as const])));
  return (
    <span>
      <strong>{burst.who}</strong> {words.many(didText(burst.what), burst.records)}{" "}
      <Text component="span" size="sm" c="dimmed">
        {began === ended ? ended : words.times(began, ended)}
      </Text>{" "}
      <UnstyledButton className={classes["unfold"] ?? ""} aria-expanded={open} onClick={() => { setOpen(!open); }}>
        {open ? words.hide : words.show}
      </UnstyledButton>
      {burst.what === "skipped" && <Reason event={event} />}
      {open && (
        <span className={classes["ids"]}>
          {[...reasons].map(([id, why]) => (
            <span key={id}>
              <Record dataset={dataset} id={id} />
              {why !== null && burst.what !== "skipped" && ` (${teamText.team.reasons[why] ?? why})`}
            </span>
          ))}
        </span>
      )}
    </span>
  );
}

function Record({ dataset: { workspace, name }, id }: { dataset: DatasetRef; id: string }) {
  return (
    <Link to="/datasets/$workspace/$name" params={{ workspace, name }} search={{ record: id }} preload={false}>
      {id}
    </Link>
  );
}

function One({ dataset, event }: { dataset: DatasetRef; event: TeamEvent }) {
  return (
    <span>
      <strong>{event.who}</strong> {eventText(event)} {event.record !== null && <Record dataset={dataset} id={event.record} />}
      <Reason event={event} />
      {event.what === "commented" && event.record !== null && <Words dataset={dataset} event={event} record={event.record} />}
    </span>
  );
}

function Reason({ event }: { event: TeamEvent }) {
  const why = reasonOf(event);
  return why === null ? null : <q className={classes["quote"]}>{teamText.team.reasons[why] ?? why}</q>;
}

const NEAR_MS = 5_000;

/** Text of a comment: the event knows only that they did. */
function Words({ dataset, event, record }: { dataset: DatasetRef; event: TeamEvent; record: string }) {
  const { data } = useQuery(commentsQuery(dataset, record));
  const at = readTime(event.at).getTime();
  const comment = data?.find((each) => each.author === event.who && Math.abs(readTime(each.at).getTime() - at) < NEAR_MS);
  return comment ? <q className={classes["quote"]}>{comment.text}</q> : null;
}
