/** What happened in a dataset, newest first. */

import { Button, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { eventsKey, readEvents, type TeamEvent } from "@/api/team";
import type { DatasetRef } from "@/core/model";
import { teamText } from "@/text/team";
import { Ago } from "@/ui/time";

import classes from "./team.module.css";

export function Events({ dataset }: { dataset: DatasetRef }) {
  const found = useInfiniteQuery({
    queryKey: eventsKey(dataset),
    queryFn: ({ pageParam }) => readEvents(dataset, pageParam),
    initialPageParam: "",
    getNextPageParam: (last) => last.next,
  });
  const events = found.data?.pages.flatMap((each) => each.events) ?? [];
  return (
    <section aria-label={teamText.team.history}>
      <Title order={2} mb="xs">
        {teamText.team.history}
      </Title>
      {found.isError && <Text role="alert">{found.error.message}</Text>}
      {found.data && !events.length && <Text c="dimmed">{teamText.team.noEvents}</Text>}
      {events.length > 0 && (
        <ul className={`${classes["sheet"] ?? ""} ${classes["events"] ?? ""}`}>
          {events.map((each) => (
            <li key={each.no}>
              <Ago time={each.at} />
              <Said dataset={dataset} event={each} />
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

function Said({ dataset, event }: { dataset: DatasetRef; event: TeamEvent }) {
  const { workspace, name } = dataset;
  const facts = Object.entries(event.detail ?? {}).filter(([key, value]) => key !== "plan" && value !== null && value !== 0 && value !== "");
  return (
    <span>
      <strong>{event.who}</strong> {teamText.team.event[event.what] ?? event.what.replaceAll("_", " ")}{" "}
      {event.record !== null && (
        <Link to="/datasets/$workspace/$name" params={{ workspace, name }} search={{ record: event.record }}>
          {event.record}
        </Link>
      )}
      {facts.length > 0 && (
        <Text component="span" size="sm" c="dimmed">
          {` (${facts.map(([key, value]) => `${key}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`).join(", ")})`}
        </Text>
      )}
    </span>
  );
}
