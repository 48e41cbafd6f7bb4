"""Searches with a page, an exact total and counts, against plain SQL for the same counts."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from apportion.storage.sqlite.connection import SqliteConnection

from .corpus import SOURCES, TEXT, USERS, word
from .report import Line, middle, percentile
from .scale import TEXTS, Scale, loaded, say
from .server import Client, Refused, Server

__all__ = ["BLOCK", "calls", "measure", "selections"]

BLOCK = "status,predicted_as,annotated_by,metadata,score"
"""The counts that the engines were compared by."""

_LOW = 0xFFFFFFFF


class _Selection(NamedTuple):
    name: str
    queries: list[str | None]
    at_most: float
    sql: str
    """Short record numbers of the first query's matches; ``:value`` is its word or value."""
    value: str


_BY_VALUE = (
    "SELECT key & 4294967295 FROM facet, vals v, fields d WHERE d.dataset = 1 AND d.name = '{field}' "
    "AND v.field = d.no AND v.viewer = 0 AND v.value = :value AND key >= v.vid << 32 AND key < (v.vid + 1) << 32"
)
_BY_WORD = "SELECT rowid FROM fts_1 WHERE fts_1 MATCH :value"
_USER = _BY_VALUE.format(field="metadata.user")
_DONE = (
    "SELECT key & 4294967295 FROM facet, vals v, fields d WHERE d.dataset = 1 AND d.name = 'status' AND v.field = d.no "
    "AND key >= v.vid << 32 AND key < (v.vid + 1) << 32"
)


def selections() -> list[_Selection]:
    nines = [word(rank) for rank in (36, 38, 40, 42, 44)]
    halves = [word(rank) for rank in (5, 6, 7)]
    users = [f"user{number}" for number in range(3, USERS, 17)]
    sources = [f"source{number}" for number in range(0, SOURCES, 2)]
    return [
        _Selection("match-all", [None], 20, "SELECT rid & 4294967295 FROM records WHERE dataset = 1", ""),
        _Selection(
            "10 % by metadata", [f"metadata.source:{each}" for each in sources], 100,
            _BY_VALUE.format(field="metadata.source"), sources[0],
        ),
        _Selection("about 9 % by text", [*nines], 100, _BY_WORD, nines[0]),
        _Selection(
            "status and user", [f"status:Default AND metadata.user:{each}" for each in users], 100,
            f"{_USER} EXCEPT {_DONE}", users[0],
        ),
        _Selection("about 45 % by text", [*halves], 250, _BY_WORD, halves[0]),
    ]  # fmt: skip


class _Times(NamedTuple):
    walls: list[float]
    cpu: float
    """Milliseconds of server processor time a call."""
    refused: int = 0
    """Calls that the server gave up after some seconds of computing."""

    def p(self, share: int) -> float:
        return percentile(self.walls, share) * 1e3

    def text(self) -> str:
        refused = f"; {self.refused} of {len(self.walls)} refused as too slow" if self.refused else ""
        return f"p50 {self.p(50):.1f}, p95 {self.p(95):.1f}, CPU {self.cpu:.1f} ms{refused}"


def measure(scale: Scale) -> Iterator[Line]:
    with loaded(scale) as (server, home), contextlib.closing(server.client()) as client:
        yield from _first(server, client)
        for selection in selections():
            yield from _one(scale, server, client, home, selection)
        anonymous = server.memory("RssAnon")
        detail = (
            f"{scale.records:,} records; {server.memory():,.0f} MB with pages of the file, some counted twice"
        )
        yield Line("memory of its own after these searches", anonymous, "MB", detail)


def _first(server: Server, client: Client) -> Iterator[Line]:
    """Measure the wait of somebody who comes as the server starts, and of whoever comes after them."""
    say("  the first searches after a start")
    selection = selections()[1]
    early = calls(server, client, selection.queries[1:2], 1, facets=BLOCK)
    waited = server.come_to_rest()
    first = calls(server, client, selection.queries[2:3], 1, facets=BLOCK)
    yield Line(
        "the first search with counts, once the server has read ahead", first.p(50), "ms",
        f"{selection.name}; that was {waited:.0f} s after the start; right at the start {early.p(50):.0f} ms",
        at_most=250,
    )  # fmt: skip


def _one(scale: Scale, server: Server, client: Client, home: Path, selection: _Selection) -> Iterator[Line]:
    say(f"  search, {selection.name}")
    block = calls(server, client, selection.queries, scale.calls, facets=BLOCK)
    page = calls(server, client, selection.queries, scale.calls, facets="")
    everything = calls(server, client, selection.queries, max(6, scale.calls // 5))
    plain, matches = _sql(home / "apportion.db", selection)
    total = client.search(TEXTS, TEXT, selection.queries[0], limit=0, facets="")["total"]
    if total != matches:
        raise AssertionError(f"{selection.name}: {total} by HTTP, {matches} by SQL")
    yield Line(
        f"{selection.name}: plain SQL's CPU for the same counts, of ours",
        plain / max(block.cpu, 1e-3),
        "×",
        f"SQL {plain:.0f} ms; ours {block.cpu:.1f} ms",
    )
    yield Line(
        f"search with counts, {selection.name}, p95",
        block.p(95),
        "ms",
        f"{block.text()}; {total:,} of {scale.records:,} match",
        at_most=selection.at_most,
    )
    yield Line(f"  without counts, {selection.name}, p95", page.p(95), "ms", page.text())
    yield Line(f"  with all counts of 1.x, {selection.name}, p95", everything.p(95), "ms", everything.text())


def calls(
    server: Server,
    client: Client,
    queries: list[str | None],
    calls: int,
    facets: str | None = None,
    *,
    may_refuse: bool = False,
) -> _Times:
    """Measure searches, one after the other; with ``may_refuse`` those that are refused as too slow count, too."""
    asked = {"limit": 50} if facets is None else {"limit": 50, "facets": facets}
    walls, cpu, refused = [], server.cpu(), 0
    for number in range(calls):
        began = time.perf_counter()
        try:
            client.search(TEXTS, TEXT, queries[number % len(queries)], **asked)
        except Refused as refusal:
            if not may_refuse or "QueryTooSlowError" not in str(refusal):
                raise
            refused += 1
        walls.append(time.perf_counter() - began)
    return _Times(walls, (server.cpu() - cpu) / calls * 1e3, refused)


def _sql(file: Path, selection: _Selection) -> tuple[float, int]:
    """CPU milliseconds of counting in plain SQL, and how many match."""
    raw = SqliteConnection(file, readonly=True).raw
    raw.execute("PRAGMA query_only=OFF")  # for the selection's temporary table
    times = [_counted(raw, selection) for _ in range(2)]
    (matches,) = raw.execute("SELECT count(*) FROM temp.selected").fetchone()
    raw.close()
    return middle(times), matches


def _counted(raw: sqlite3.Connection, selection: _Selection) -> float:
    began = time.process_time()
    raw.execute("CREATE TEMP TABLE IF NOT EXISTS selected (n INTEGER PRIMARY KEY)")
    raw.execute("DELETE FROM temp.selected")
    raw.execute(f"INSERT INTO temp.selected {selection.sql}", {"value": selection.value})
    raw.execute(
        "SELECT v.vid, count(*) FROM fields d CROSS JOIN vals v ON v.field = d.no "
        "CROSS JOIN facet f ON f.key >= v.vid << 32 AND f.key < (v.vid + 1) << 32 "
        f"WHERE d.dataset = 1 AND f.key & {_LOW} IN temp.selected GROUP BY v.vid"
    ).fetchall()
    raw.execute(
        "SELECT CAST(value * 1000 AS INT) AS bucket, count(*) FROM numbers WHERE field = "
        "(SELECT no FROM fields WHERE dataset = 1 AND name = 'score') AND n IN temp.selected GROUP BY bucket"
    ).fetchall()
    raw.execute(
        "SELECT * FROM records WHERE rid IN (SELECT 1 << 32 | n FROM temp.selected LIMIT 50)"
    ).fetchall()
    return (time.process_time() - began) * 1e3
