"""``ports.events.Events`` on SQLite."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from apportion.ports.events import About, AuditedEvent, AuditFilter, RequestMark
from apportion.vocabulary import EventArea, EventCode

from .database import Link

__all__ = ["SqliteEvents"]

_COLUMNS = (
    "e.no, e.at, e.who, e.what, coalesce(e.workspace, d.workspace, p.workspace), coalesce(d.name, p.name), "
    "coalesce(d.uuid, p.uuid), r.id, e.object, e.before, e.after, e.detail, e.address, e.request"
)
_FROM = (
    "FROM events e LEFT JOIN datasets d ON d.no = e.dataset LEFT JOIN purged_datasets p ON p.no = e.dataset "
    "LEFT JOIN records r ON r.rid = e.rid"
)
_PLACE = "coalesce(e.workspace, d.workspace, p.workspace)"
_TEXT = " || ' ' || ".join(
    f"coalesce({each}, '')"
    for each in ("e.object", "r.id", "e.who", "d.name", "p.name", _PLACE, "e.before", "e.after", "e.detail")
)
_REQUEST = "coalesce(e.address, '') || ' ' || coalesce(e.request, '')"


class SqliteEvents:
    """The log, within one transaction; ``request`` is noted with every event that is added."""

    def __init__(self, link: Link, request: RequestMark | None = None) -> None:
        self._raw = link.raw
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
        self._raw.execute(
            "INSERT INTO events (dataset, rid, at, who, what, detail, workspace, object, before, after, address, "
            "request) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
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
            ),
        )

    def search(self, wanted: AuditFilter, *, below: int | None = None, limit: int = 50) -> list[AuditedEvent]:
        conditions, values = _conditions(wanted, below)
        rows = self._raw.execute(
            f"SELECT {_COLUMNS} {_FROM} WHERE {conditions} ORDER BY e.no DESC LIMIT ?", [*values, limit]
        ).fetchall()
        return [_event(row) for row in rows]

    def count(self, wanted: AuditFilter, *, below: int | None = None) -> int:
        conditions, values = _conditions(wanted, below)
        (count,) = self._raw.execute(f"SELECT count(*) {_FROM} WHERE {conditions}", values).fetchone()
        return int(count)

    def last(self) -> int:
        (no,) = self._raw.execute("SELECT coalesce(max(no), 0) FROM events").fetchone()
        return int(no)

    def prune(self, *, before: int, limit: int) -> int:
        # The trigger lets go only of what is older than this row says, and only within this transaction
        self._raw.execute("UPDATE events_pruning SET before = ?", (before,))
        gone = self._raw.execute(
            "DELETE FROM events WHERE no IN ("
            "SELECT no FROM (SELECT no, at FROM events ORDER BY no LIMIT ?) WHERE at < ?)",
            (limit, before),
        )
        self._raw.execute("UPDATE events_pruning SET before = 0")
        return gone.rowcount


def _event(row: tuple[Any, ...]) -> AuditedEvent:
    no, at, who, what, workspace, dataset, uuid, record, about, before, after, detail, address, request = row
    values = _read(before), _read(after), _read(detail)
    return AuditedEvent(
        no, at, who, EventCode(what), workspace, dataset, uuid, record, about, *values, address, request
    )


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(dict(value), ensure_ascii=False)


def _read(text: str | None) -> Mapping[str, Any] | None:
    return None if text is None else msgspec.json.decode(text, type=dict[str, Any])


def _conditions(wanted: AuditFilter, below: int | None) -> tuple[str, list[Any]]:
    conditions, values = ["1"], list[Any]()

    def narrow(condition: str, *given: Any) -> None:
        conditions.append(condition)
        values.extend(given)

    if below is not None:
        narrow("e.no < ?", below)
    if wanted.codes is not None:
        marks = ", ".join("?" * len(wanted.codes))
        narrow(f"e.what IN ({marks})", *map(str, wanted.codes))
        if not any(each.area is EventArea.ANSWERS for each in wanted.codes):
            narrow("e.rid IS NULL")  # then an index has only these, which are few
    if wanted.workspaces is not None:
        narrow(f"{_PLACE} IN ({', '.join('?' * len(wanted.workspaces))})", *wanted.workspaces)
    if wanted.workspace is not None:
        narrow(f"{_PLACE} = ?", wanted.workspace)
    if wanted.dataset is not None:
        narrow(
            "e.dataset IN (SELECT no FROM datasets WHERE name = ? OR uuid = ? UNION ALL "
            "SELECT no FROM purged_datasets WHERE name = ? OR uuid = ?)",
            *[wanted.dataset] * 4,
        )
    if wanted.who is not None:
        narrow("e.who = ?", wanted.who)
    if wanted.since is not None:
        narrow("e.at >= ?", wanted.since)
    if wanted.until is not None:
        narrow("e.at < ?", wanted.until)
    if wanted.text is not None:
        text = f"{_TEXT} || ' ' || {_REQUEST}" if wanted.with_requests else _TEXT
        narrow(f"instr(lower({text}), lower(?)) > 0", wanted.text)
    return " AND ".join(conditions), values
