"""``ports.events.Events`` in SQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from apportion.ports.events import About, AuditedEvent, AuditFilter, RequestMark
from apportion.storage.checksums import insert_of
from apportion.storage.sql.connection import SqlConnection
from apportion.vocabulary import EventArea, EventCode

__all__ = ["EVENT_COLUMNS", "EVENT_JOINS", "SqlEvents", "audited_event"]

EVENT_COLUMNS = (
    "e.no, e.at, e.who, e.what, coalesce(e.workspace, d.workspace, p.workspace), coalesce(d.name, p.name), "
    "coalesce(d.uuid, p.uuid), r.id, e.object, e.before, e.after, e.detail, e.address, e.request"
)
EVENT_JOINS = (
    "LEFT JOIN datasets d ON d.no = e.dataset LEFT JOIN purged_datasets p ON p.no = e.dataset "
    "LEFT JOIN records r ON r.rid = e.rid"
)
_DATASETS = (
    "(SELECT no, uuid, workspace, name FROM datasets "
    "UNION ALL SELECT no, uuid, workspace, name FROM purged_datasets)"
)
_VALUES = ("e.who", "e.object", "e.workspace", "e.before", "e.after", "e.detail")
_REQUEST = ("e.address", "e.request")
_DATASET = "e.dataset + 0"
"""A dataset without its index, which would make the database sort all events of several."""


class SqlEvents:
    """The event log within one transaction; ``request`` is stored with every event that is added."""

    def __init__(self, connection: SqlConnection, request: RequestMark | None = None) -> None:
        self._raw = connection.raw
        self._sql = connection.raw.dialect
        self._request = request or RequestMark(None, None)

    def add(
        self,
        what: EventCode,
        about: About,
        *,
        who: str,
        at: int,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        dataset = about.dataset
        rid = None if dataset is None or about.record is None else (dataset.no << 32) | about.record
        values = (
            None if dataset is None else dataset.no,
            rid,
            at,
            who,
            str(what),
            _json(detail),
            about.workspace if dataset is None else None,
            about.object,
            _json(before),
            _json(after),
            *self._request,
        )
        # At the end of the transaction: events have to be numbered in the order of commits
        self._raw.leave("events", *insert_of("events", values))

    def search(self, wanted: AuditFilter, *, below: int | None = None, limit: int = 50) -> list[AuditedEvent]:
        conditions, values = self._conditions(wanted, below)
        page = f"SELECT * FROM events e WHERE {conditions} ORDER BY e.no DESC LIMIT ?"
        rows = self._raw.execute(  # names are looked up for a page only
            f"SELECT {EVENT_COLUMNS} FROM ({page}) e {EVENT_JOINS} ORDER BY e.no DESC", [*values, limit]
        ).fetchall()
        return [audited_event(row) for row in rows]

    def count(self, wanted: AuditFilter, *, below: int | None = None) -> int:
        conditions, values = self._conditions(wanted, below)
        (count,) = self._raw.execute(f"SELECT count(*) FROM events e WHERE {conditions}", values).fetchone()
        return int(count)

    def last(self) -> int:
        (no,) = self._raw.execute("SELECT coalesce(max(no), 0) FROM events").fetchone()
        return int(no)

    def latest(self, datasets: Collection[int]) -> dict[int, int]:
        sql = self._raw.dialect
        rows = self._raw.execute(
            # One look-up in the index for each dataset; with GROUP BY all of their events would be read
            "SELECT wanted.value, (SELECT max(no) FROM events WHERE dataset = wanted.value) "
            f"FROM {sql.listed_numbers('wanted')}",
            (sql.numbers(datasets),),
        )
        return {dataset: no or 0 for dataset, no in rows}

    def prune(self, *, before: int, limit: int) -> int:
        # A trigger refuses to delete events but those older than this row says; it is reset within the transaction
        self._raw.execute("UPDATE events_pruning SET before = ?", (before,))
        gone = self._raw.execute(
            "DELETE FROM events WHERE no IN ("
            # By number first, which is in the order of time: ``at`` has no index
            "SELECT no FROM (SELECT no, at FROM events ORDER BY no LIMIT ?) AS oldest WHERE at < ?)",
            (limit, before),
        )
        self._raw.execute("UPDATE events_pruning SET before = 0")
        return gone.rowcount

    def _conditions(self, wanted: AuditFilter, below: int | None) -> tuple[str, list[Any]]:
        conditions, values = ["1 = 1"], list[Any]()
        sql = self._sql

        def narrow(condition: str, *given: Any) -> None:
            conditions.append(condition)
            values.extend(given)

        if below is not None:
            narrow("e.no < ?", below)
        if wanted.codes is not None:
            narrow(sql.in_strings("e.what"), sql.strings(map(str, wanted.codes)))
            if not any(each.area is EventArea.ANSWERS for each in wanted.codes):
                narrow("e.rid IS NULL")  # then an index has only these, which are few
        if wanted.dataset is not None:
            numbers = self._numbers("name = ?1 OR uuid = ?1", wanted.dataset)
            if len(numbers) == 1:  # then an index has them in order
                narrow("e.dataset = ?", numbers[0])
            else:
                narrow(sql.in_numbers(_DATASET), sql.numbers(numbers))
        # Both have to hold: what they may see, and what they ask for
        for names in (wanted.workspaces, [wanted.workspace] if wanted.workspace else None):
            if names is None:
                continue
            within = sql.strings(names)
            inside = self._numbers(sql.in_strings("workspace", "?1"), within)
            narrow(
                f"({sql.in_strings('e.workspace')} OR {sql.in_numbers(_DATASET)})",
                within,
                sql.numbers(inside),
            )
        if wanted.who is not None:
            narrow("e.who = ?", wanted.who)
        if wanted.since is not None:
            narrow("e.at >= ?", wanted.since)
        if wanted.until is not None:
            narrow("e.at < ?", wanted.until)
        if wanted.text is not None:
            narrow(*self._text(wanted.text, wanted.with_requests))
        return " AND ".join(conditions), values

    def _text(self, text: str, with_requests: bool) -> tuple[str, str, Any, str]:
        columns = (*_VALUES, *(_REQUEST if with_requests else ()))
        found = " || ' ' || ".join(f"coalesce({each}, '')" for each in columns)
        sql = self._sql
        named = self._numbers(sql.contains("name || ' ' || workspace", "?1"), text)
        return (
            f"({sql.contains(found)} OR {sql.in_numbers(_DATASET)} OR "
            # + 0, as in ``_DATASET``: without its index
            "e.rid + 0 IN (SELECT rid FROM records WHERE dataset IN (SELECT no FROM datasets) AND id = ?))",
            text,
            sql.numbers(named),
            text,
        )

    def _numbers(self, condition: str, value: str) -> list[int]:
        """Return the numbers of datasets, purged ones included, for which a condition holds."""
        rows = self._raw.execute(f"SELECT no FROM {_DATASETS} AS d WHERE {condition}", (value,))
        return [no for (no,) in rows]


def audited_event(row: tuple[Any, ...]) -> AuditedEvent:
    """Build an event from a row of ``EVENT_COLUMNS``."""
    no, at, who, what, workspace, dataset, uuid, record, about, before, after, detail, address, request = row
    values = _read(before), _read(after), _read(detail)
    return AuditedEvent(
        no, at, who, EventCode(what), workspace, dataset, uuid, record, about, *values, address, request
    )


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(dict(value), ensure_ascii=False)


def _read(text: str | None) -> Mapping[str, Any] | None:
    return None if text is None else msgspec.json.decode(text, type=dict[str, Any])
