"""``ports.webhooks.Webhooks`` in SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from apportion.domain.webhooks import PING, Delivery, DeliveryState, Webhook, codes_wanted
from apportion.ports.webhooks import EventsAfter
from apportion.storage.sql.connection import SqlConnection

from .events import EVENT_COLUMNS, EVENT_JOINS, audited_event

__all__ = ["SqlWebhooks"]

_WEBHOOK = (
    "id, workspace, dataset, dataset_name, url, events, description, enabled, disabled_why, owner, salt, fingerprint, "
    "created_by, created_at, changed_at, cursor, failures, failing_since, next_at"
)
_FIXED = {"id", "workspace", "dataset", "dataset_name", "created_by", "created_at"}
_DELIVERY = (
    "id, webhook, event, code, body, state, attempts, created_at, changed_at, first_tried_at, next_at, status, "
    "problem, response"
)


class SqlWebhooks:
    """Webhooks and deliveries within one transaction."""

    def __init__(self, connection: SqlConnection) -> None:
        self._raw = connection.raw

    def add(self, webhook: Webhook) -> None:
        values = _webhook_values(webhook)
        self._raw.execute(
            f"INSERT INTO webhooks ({_WEBHOOK}) VALUES ({_marks(values)})", list(values.values())
        )

    def change(self, webhook: Webhook) -> None:
        values = {name: value for name, value in _webhook_values(webhook).items() if name not in _FIXED}
        given = ", ".join(f"{name} = ?" for name in values)
        self._raw.execute(f"UPDATE webhooks SET {given} WHERE id = ?", [*values.values(), webhook.id])

    def delete(self, id: str) -> None:
        self._raw.execute("DELETE FROM webhook_deliveries WHERE webhook = ?", (id,))
        self._raw.execute("DELETE FROM webhooks WHERE id = ?", (id,))

    def find(self, id: str) -> Webhook | None:
        return next(iter(self._webhooks("WHERE id = ?", id)), None)

    def of(self, workspace: str | None) -> list[Webhook]:
        if workspace is None:
            return self._webhooks("WHERE workspace IS NULL")
        return self._webhooks("WHERE workspace = ?", workspace)

    def all(self) -> list[Webhook]:
        return self._webhooks("")

    def _webhooks(self, where: str, *values: Any) -> list[Webhook]:
        rows = self._raw.execute(f"SELECT {_WEBHOOK} FROM webhooks {where} ORDER BY no", values)
        return [_webhook(row) for row in rows]

    # Events

    def first_event(self) -> int:
        (no,) = self._raw.execute("SELECT coalesce(min(no), 0) FROM events").fetchone()
        return int(no)

    def last_event(self) -> int:
        (no,) = self._raw.execute("SELECT coalesce(max(no), 0) FROM events").fetchone()
        return int(no)

    def events_after(self, webhook: Webhook, *, look: int, limit: int) -> EventsAfter:
        upto = self._upto(webhook.cursor, look)
        sql = self._raw.dialect
        codes = [str(each) for each in codes_wanted(webhook)]
        conditions = ["e.no > ?", "e.no <= ?", sql.in_strings("e.what")]
        values: list[Any] = [webhook.cursor, upto, sql.strings(codes)]
        if webhook.dataset is not None:
            conditions.append("e.dataset = ?")
            values.append(webhook.dataset)
        if webhook.workspace is not None:
            # Events about a dataset name no workspace: it is that of the dataset, also once that is purged
            conditions.append("coalesce(e.workspace, d.workspace, p.workspace) = ?")
            values.append(webhook.workspace)
        rows = self._raw.execute(
            f"SELECT {EVENT_COLUMNS} FROM events e {EVENT_JOINS} WHERE {' AND '.join(conditions)} "
            "ORDER BY e.no LIMIT ?",
            [*values, limit],
        )
        events = [audited_event(row) for row in rows]
        # Fewer than asked for: all events up to there were looked at, also those that are of no interest
        return EventsAfter(events, events[-1].no if len(events) == limit else upto)

    def _upto(self, cursor: int, look: int) -> int:
        """Return the number of the last of the next ``look`` events, so that events of others are read once only."""
        found = self._raw.execute(
            "SELECT no FROM events WHERE no > ? ORDER BY no LIMIT 1 OFFSET ?", (cursor, look - 1)
        ).fetchone()
        return self.last_event() if found is None else int(found[0])

    # Deliveries

    def add_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        rows = [_delivery_values(each) for each in deliveries]
        for values in rows:
            self._raw.execute(
                f"INSERT INTO webhook_deliveries ({_DELIVERY}) VALUES ({_marks(values)})",
                list(values.values()),
            )

    def change_delivery(self, delivery: Delivery) -> None:
        values = _delivery_values(delivery)
        given = ", ".join(f"{name} = ?" for name in values)
        self._raw.execute(
            f"UPDATE webhook_deliveries SET {given} WHERE id = ?", [*values.values(), delivery.id]
        )

    def delivery(self, webhook: str, id: str) -> Delivery | None:
        found = self._deliveries("webhook = ? AND id = ? LIMIT 1", webhook, id)
        return found[0][1] if found else None

    def deliveries(
        self, webhook: str, *, state: DeliveryState | None, before: int | None, limit: int
    ) -> list[tuple[int, Delivery]]:
        conditions, values = ["webhook = ?"], [webhook]
        for condition, value in (
            ("state = ?", None if state is None else str(state)),
            ("no < ?", before),
        ):
            if value is not None:
                conditions.append(condition)
                values.append(value)  # type: ignore[arg-type]
        return self._deliveries(f"{' AND '.join(conditions)} ORDER BY no DESC LIMIT ?", *values, limit)

    def next_delivery(self, webhook: Webhook, *, now: int, in_line: int) -> Delivery | None:
        # A ping is sent even while the webhook is disabled or waits after a failure. Others go in the order of events;
        # those that failed ``in_line`` times no longer hold up the rest, and are retried at a time of their own
        lines: list[tuple[str, tuple[Any, ...]]] = [("code = ?", (PING,))]
        if webhook.enabled and webhook.next_at <= now:
            lines += [
                ("attempts < ?", (in_line,)),
                ("attempts >= ? AND coalesce(next_at, 0) <= ?", (in_line, now)),
            ]
        for line, values in lines:
            waits = f"webhook = ? AND state = 'waiting' AND {line} ORDER BY no LIMIT 1"
            for _, found in self._deliveries(waits, webhook.id, *values):
                return found
        return None

    def due(self, now: int) -> list[str]:
        waits = "SELECT 1 FROM webhook_deliveries d WHERE d.webhook = w.id AND d.state = 'waiting'"
        rows = self._raw.execute(
            f"SELECT id FROM webhooks w WHERE EXISTS ({waits}) AND (w.enabled AND w.next_at <= ? "
            f"OR EXISTS ({waits} AND d.code = ?)) ORDER BY no",
            (now, PING),
        )
        return [id for (id,) in rows]

    def waiting(self, webhook: str) -> int:
        (n,) = self._raw.execute(
            "SELECT count(*) FROM webhook_deliveries WHERE webhook = ? AND state = 'waiting'", (webhook,)
        ).fetchone()
        return int(n)

    def skip_waiting(self, webhook: str, *, now: int) -> int:
        return self._raw.execute(
            "UPDATE webhook_deliveries SET state = 'skipped', next_at = NULL, changed_at = ? "
            "WHERE webhook = ? AND state = 'waiting'",
            (now, webhook),
        ).rowcount

    def prune(self, *, keep: int, before: int, limit: int) -> int:
        gone = self._raw.execute(
            "DELETE FROM webhook_deliveries WHERE no IN (SELECT no FROM webhook_deliveries "
            "WHERE state <> 'waiting' AND changed_at < ? LIMIT ?)",
            (before, limit),
        ).rowcount
        for (id,) in self._raw.execute("SELECT id FROM webhooks").fetchall():
            gone += self._raw.execute(
                "DELETE FROM webhook_deliveries WHERE no IN (SELECT no FROM webhook_deliveries WHERE webhook = ? "
                "AND state = 'delivered' AND no < (SELECT no FROM webhook_deliveries WHERE webhook = ? "
                "AND state = 'delivered' ORDER BY no DESC LIMIT 1 OFFSET ?) ORDER BY no LIMIT ?)",
                (id, id, keep - 1, limit),
            ).rowcount
        return gone

    def _deliveries(self, where: str, *values: Any) -> list[tuple[int, Delivery]]:
        rows = self._raw.execute(f"SELECT no, {_DELIVERY} FROM webhook_deliveries WHERE {where}", values)
        return [(no, _delivery(row)) for no, *row in rows]


def _marks(values: dict[str, Any]) -> str:
    return ", ".join("?" * len(values))


def _webhook_values(webhook: Webhook) -> dict[str, Any]:
    found = {name: getattr(webhook, name) for name in _WEBHOOK.split(", ")}
    return found | {"events": json.dumps(webhook.events)}


def _webhook(row: Sequence[Any]) -> Webhook:
    found: dict[str, Any] = dict(zip(_WEBHOOK.split(", "), row, strict=True))
    return Webhook(
        **found | {"events": tuple(json.loads(found["events"])), "enabled": bool(found["enabled"])}
    )


def _delivery_values(delivery: Delivery) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in _DELIVERY.split(", ")} | {"state": str(delivery.state)}


def _delivery(row: Sequence[Any]) -> Delivery:
    found: dict[str, Any] = dict(zip(_DELIVERY.split(", "), row, strict=True))
    return Delivery(**found | {"state": DeliveryState(found["state"])})
