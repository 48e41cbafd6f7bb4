/** Events as sentences, with what was there before and after behind each. */

import { Text } from "@mantine/core";

import type { AuditEvent } from "@/api/audit";
import { audit, eventText } from "@/text/audit";
import { date } from "@/text/format";
import { readTime } from "@/ui/time";

import classes from "./audit.module.css";

export function Events({ events }: { events: readonly AuditEvent[] }) {
  return (
    <ul className={classes["events"]} aria-label={audit.events}>
      {events.map((each) => (
        <li key={each.no}>
          <When time={each.at} />
          <div>
            <EventLine event={each} />
            <Details event={each} />
          </div>
        </li>
      ))}
    </ul>
  );
}

function When({ time }: { time: string }) {
  const at = readTime(time);
  return (
    <time dateTime={time} title={time}>
      {date(at, { dateStyle: "medium", timeStyle: "medium" })}
    </time>
  );
}

function EventLine({ event }: { event: AuditEvent }) {
  const elsewhere = event.dataset !== null && event.workspace !== null;
  return (
    <span>
      <strong>{audit.others[event.who] ?? event.who}</strong> {eventText(event)}
      {elsewhere && (
        <Text component="span" size="sm" c="dimmed">
          {` · ${event.workspace ?? ""}`}
        </Text>
      )}
      {event.address !== null && (
        <Text component="span" size="sm" c="dimmed">
          {` · ${audit.from_(event.address)}`}
        </Text>
      )}
    </span>
  );
}

function Details({ event }: { event: AuditEvent }) {
  const parts = [
    [audit.before, event.before],
    [audit.after, event.after],
    [audit.facts, event.detail],
  ] as const;
  const shown = parts.filter(([, value]) => value !== null && Object.keys(value).length > 0);
  if (!shown.length) return null;
  return (
    <details className={classes["details"]}>
      <summary>{audit.details}</summary>
      <dl>
        {shown.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{JSON.stringify(value, null, 1)}</code>
            </dd>
          </div>
        ))}
      </dl>
      {event.request !== null && (
        <Text size="sm" c="dimmed">
          {audit.request(event.request)}
        </Text>
      )}
    </details>
  );
}
