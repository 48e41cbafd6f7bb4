"""Agreement and export over HTTP: 100,000 records that one, three or ten people answered, on a running server.

The answers are put into the file while no server runs, as the server itself would have written them: a million requests
would take an hour, and are measured elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from apportion.vocabulary import AnnotationState, Status

from .corpus import TEXT, record_id
from .report import Line, middle
from .scale import Scale, fill, say
from .server import Client, Server, made_home

__all__ = ["measure"]

DATASET = "answered"
LABELS = 6
EXPORTED = (1, 3, 10)
"""Numbers of answers to each record, for exports."""
PEOPLE = max(EXPORTED)
RECORDS = 100_000


def measure(scale: Scale) -> Iterator[Line]:
    records = min(RECORDS, scale.records)
    with made_home() as home:
        with Server(home) as server:
            fill(server, DATASET, TEXT, records)
        for people in EXPORTED:
            say(f"  putting {people} answers a record in")
            put_answers(home, records, people)
            with Server(home) as server, contextlib.closing(server.client()) as client:
                if people == PEOPLE:
                    yield from _agreement(client, records, scale)
                yield from _export(client, server, records, people)


def _agreement(client: Client, records: int, scale: Scale) -> Iterator[Line]:
    path = f"/api/datasets/{DATASET}/agreement"
    what = f"agreement over HTTP: {records:,} records by {PEOPLE} people, with interval"
    first = _timed(lambda: client.ask("GET", path))
    again = middle([_timed(lambda: client.ask("GET", path)) for _ in range(max(3, scale.rounds))])
    found = json.loads(client.ask("GET", path))
    detail = f"the first time {first:.2f} s; alpha {found['estimate']:.3f} on {found['answers']:,} answers"
    yield Line(what, again, "s", detail, at_most=2)
    for by in ("label", "pair", "week"):
        yield Line(f"the same by {by}", _timed(lambda by=by: client.ask("GET", path, by=by)), "s")
    some = "id:(" + " OR ".join(map(record_id, range(100))) + ")"
    for narrowed, query in (("100 records by id", some), ("what two people differ on", "disagree:(p1 p2)")):
        took = middle([_timed(lambda query=query: client.ask("GET", path, query=query)) for _ in range(3)])
        yield Line(f"the same narrowed by a query: {narrowed}", took, "s")
    conflicts = f"/api/datasets/{DATASET}/conflicts"
    yield Line("the first page of conflicts", _timed(lambda: client.ask("GET", conflicts)), "s")
    body = json.dumps({"query": {"query_text": "disagree:(p1 p2)"}}).encode()
    search = f"/api/datasets/{DATASET}/{TEXT}:search"
    yield Line("search disagree:(p1 p2)", _timed(lambda: client.ask("POST", search, body, facets="")), "s")


def _export(client: Client, server: Server, records: int, people: int) -> Iterator[Line]:
    for kind in ("jsonl", "csv", "parquet"):
        cpu = server.cpu()
        body = json.dumps({"format": kind}).encode()
        began = time.perf_counter()
        size = len(client.ask("POST", f"/api/datasets/{DATASET}/export", body))
        took = time.perf_counter() - began
        detail = f"{size / 1e6:.0f} MB, CPU {server.cpu() - cpu:.1f} s"
        answers = "1 answer" if people == 1 else f"{people} answers"
        what = f"export as {kind}, {answers} a record"
        yield Line(what, records / took, "records/s", detail, at_least=20_000)


def _timed(tx) -> float:  # type: ignore[no-untyped-def]
    began = time.perf_counter()
    tx()
    return time.perf_counter() - began


def put_answers(home: Path, records: int, people: int = PEOPLE, labels: int = LABELS) -> None:
    """Answers of so many people on every record, right three times out of four."""
    rng = random.Random(1)
    raw = sqlite3.connect(home / "apportion.db", isolation_level=None)
    with contextlib.closing(raw):
        raw.execute("BEGIN")
        (no,) = raw.execute("SELECT no FROM datasets WHERE name = ?", (DATASET,)).fetchone()
        policies = json.dumps({"annotation": "individual", "required": people})
        raw.execute("UPDATE datasets SET policies = ? WHERE no = ?", (policies, no))
        raw.execute(
            "DELETE FROM facet WHERE key >> 32 IN (SELECT vid FROM vals v JOIN fields f ON f.no = v.field WHERE "
            "f.name IN ('status', 'annotated_as', 'annotated_by', 'annotations', 'predicted', 'agreement'))"
        )
        raw.execute("DELETE FROM annotations")
        raw.execute(
            "DELETE FROM vals WHERE viewer > 0 OR field IN (SELECT no FROM fields WHERE name = 'agreement')"
        )
        vid_of = _values(raw, no, people, labels, records)
        agents = {name: number for number, name in raw.execute("SELECT no, name FROM agents")}
        facet = []
        for (rid,) in raw.execute("SELECT rid FROM records WHERE dataset = ? ORDER BY rid", (no,)).fetchall():
            n, truth = rid & 0xFFFFFFFF, rng.randrange(labels)
            answer = [truth if rng.random() < 0.75 else rng.randrange(labels) for _ in range(people)]
            for person, label in enumerate(answer):
                name = f"p{person}"
                vids = [
                    vid_of["annotated_as", name, label],
                    vid_of["status", name],
                    vid_of["annotated_by", name],
                ]
                facet += [(vid << 32 | n,) for vid in vids]
                raw.execute(
                    "INSERT INTO annotations (rid, annotator, state, value, version, seconds, updated, terms, counted) "
                    "VALUES (?, ?, ?, ?, 1, ?, ?, ?, 1)",
                    (
                        rid,
                        agents[name],
                        _SUBMITTED,
                        _value(label),
                        round(rng.uniform(1, 60), 3),
                        _FIRST + rng.randrange(_LASTED),
                        struct.pack("<3I", *sorted(vids)),
                    ),
                )
            pairs = people * (people - 1) / 2
            same = sum(answer.count(x) * (answer.count(x) - 1) / 2 for x in set(answer))
            agreement = vid_of["agreement", f"{same / pairs:.3f}"] if pairs else None
            if agreement is not None:
                facet.append((agreement << 32 | n,))
            lines = [b'"consensus:majority"', _value(max(set(answer), key=answer.count))]
            for person, label in enumerate(answer):
                lines += [b'"p%d"' % person, _value(label)]
            raw.execute(
                "UPDATE records SET status = ?, answer = ?, answer_terms = ? WHERE rid = ?",
                (
                    _VALIDATED,
                    b"\n".join(lines),
                    b"" if agreement is None else struct.pack("<I", agreement),
                    rid,
                ),
            )
            if len(facet) > 300_000:
                raw.executemany("INSERT OR IGNORE INTO facet VALUES (?)", sorted(facet))
                facet.clear()
        raw.executemany("INSERT OR IGNORE INTO facet VALUES (?)", sorted(facet))
        raw.execute("COMMIT")


_FIRST, _LASTED = 1_700_000_000_000_000, 30 * 86_400_000_000
"""Time at which people began, and for how long they went on: a month, in microseconds."""
_VALIDATED = tuple(Status).index(Status.VALIDATED)
_SUBMITTED = tuple(AnnotationState).index(AnnotationState.SUBMITTED)


def _value(label: int) -> bytes:
    return b'"labels":[{"class_label":"label %d","score":1.0}]' % label


def _values(
    raw: sqlite3.Connection, no: int, people: int, labels: int, records: int
) -> dict[tuple[object, ...], int]:
    """The numbers of the values that answers are found by."""
    (vid,) = raw.execute("SELECT max(vid) FROM vals").fetchone()
    found: dict[tuple[object, ...], int] = {}

    def number(field: str, viewer: int, value: str, *key: object) -> None:
        nonlocal vid
        raw.execute(
            "INSERT OR IGNORE INTO fields (dataset, name, kind) VALUES (?, ?, 'keyword')", (no, field)
        )
        (place,) = raw.execute("SELECT no FROM fields WHERE dataset = ? AND name = ?", (no, field)).fetchone()
        vid += 1
        raw.execute("INSERT INTO vals VALUES (?, ?, ?, ?, NULL, ?)", (vid, place, viewer, value, records))
        of = (field, *key)
        found[of] = vid

    for person in range(people):
        name = f"p{person}"
        raw.execute("INSERT OR IGNORE INTO agents (name) VALUES (?)", (name,))
        (viewer,) = raw.execute("SELECT no FROM agents WHERE name = ?", (name,)).fetchone()
        for label in range(labels):
            number("annotated_as", viewer, f"label {label}", name, label)
        number("status", viewer, "Validated", name)
        number("annotated_by", viewer, name, name)
    for step in range(1001):
        number("agreement", 0, f"{step / 1000:.3f}", f"{step / 1000:.3f}")
    return found
