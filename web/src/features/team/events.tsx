/** Events of a dataset, newest first: what one person did in a row is one line, comments come with their words. */

import { Button, Select, Text, Title, UnstyledButton } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { eventsKey, readEvents, type TeamEvent } from "@/api/team";
import { commentsQuery } from "@/api/work";
import { type Burst, burstsOf } from "@/core/bursts";
import type { DatasetRef } from "@/core/model";
import { chartsText } from "@/text/charts";
import { date } from "@/text/format";
import { teamText } from "@/text/team";
import { Ago, readTime } from "@/ui/time";

import classes from "./team.module.css";

const words = chartsText.events;
const EVERYBODY = "";

export function Events({ dataset }: { dataset: DatasetRef }) {
  const [who, setWho] = useState(EVERYBODY);
  const found = useInfiniteQuery({
    queryKey: eventsKey(dataset),
    queryFn: ({ pageParam }) => readEvents(dataset, pageParam),
    initialPageParam: "",
    getNextPageParam: (last) => last.next,
  });
  const events = found.data?.pages.flatMap((each) => each.events) ?? [];
  const people = [...new Set(events.map((each) => each.who))].sort();
  const bursts = burstsOf(events.filter((each) => who === EVERYBODY || each.who === who));
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
      {found.data && !events.length && <Text c="dimmed">{teamText.team.noEvents}</Text>}
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

const did = (what: string) => teamText.team.event[what] ?? what.replaceAll("_", " ");
const timeOf = (event: TeamEvent | undefined) => (event ? date(readTime(event.at), { hour: "2-digit", minute: "2-digit" }) : "");

function EventLine({ dataset, burst }: { dataset: DatasetRef; burst: Burst<TeamEvent> }) {
  const [open, setOpen] = useState(false);
  const [event] = burst.events;
  if (!event) return null;
  if (burst.events.length === 1) return <One dataset={dataset} event={event} />;
  const [began, ended] = [timeOf(burst.events.at(-1)), timeOf(event)];
  const ids = [...new Set(burst.events.flatMap((each) => each.record ?? []))];
  return (
    <span>
      <strong>{burst.who}</strong> {words.many(did(burst.what), burst.records)}{" "}
      <Text component="span" size="sm" c="dimmed">
        {began === ended ? ended : words.times(began, ended)}
      </Text>{" "}
      <UnstyledButton className={classes["unfold"] ?? ""} aria-expanded={open} onClick={() => { setOpen(!open); }}>
        {open ? words.hide : words.show}
      </UnstyledButton>
      {open && (
        <span className={classes["ids"]}>
          {ids.map((each) => <Record key={each} dataset={dataset} id={each} />)}
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

/** This says nothing to people. */
const UNSAID = new Set(["plan"]);

function One({ dataset, event }: { dataset: DatasetRef; event: TeamEvent }) {
  const detail = event.detail ?? {};
  const facts = Object.entries(detail).filter(([key, value]) => !UNSAID.has(key) && value !== null && value !== 0 && value !== "");
  return (
    <span>
      <strong>{event.who}</strong> {did(event.what)} {event.record !== null && <Record dataset={dataset} id={event.record} />}
      {facts.length > 0 && (
        <Text component="span" size="sm" c="dimmed">
          {` (${facts.map(([key, value]) => `${key}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`).join(", ")})`}
        </Text>
      )}
      {event.what === "commented" && event.record !== null && <Words dataset={dataset} event={event} record={event.record} />}
    </span>
  );
}

const NEAR_MS = 5_000;

/** Text of a comment: the event knows only that they did. */
function Words({ dataset, event, record }: { dataset: DatasetRef; event: TeamEvent; record: string }) {
  const { data } = useQuery(commentsQuery(dataset, record));
  const at = readTime(event.at).getTime();
  const comment = data?.find((each) => each.author === event.who && Math.abs(readTime(each.at).getTime() - at) < NEAR_MS);
  return comment ? <q className={classes["quote"]}>{comment.text}</q> : null;
}
