"""The baseline: the rows a server wrote, put into the same schema by nothing but SQLite.

Run as a process of its own (``python -m benchmarks.bare insert|annotate FILE``); prints one line of JSON.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from apportion.domain.text import analysed
from apportion.storage.sql.codec.fragments import text_of
from apportion.storage.sqlite.connection import SqliteConnection
from apportion.storage.sqlite.store import SqliteStore

from .corpus import BATCH, USERS

_LOW = 0xFFFFFFFF
_SLICE = 20_000

Rows = list[tuple[Any, ...]]


def main() -> None:
    work, file, argument = sys.argv[1:4]
    print(json.dumps(insert(Path(file)) if work == "insert" else annotate(Path(file), float(argument))))


# Inserting


def insert(source: Path) -> dict[str, float]:
    """Copy every record of the first dataset, 500 to a transaction; only that is on the clock."""
    there = SqliteConnection(source, readonly=True).raw
    with tempfile.TemporaryDirectory(prefix="apportion-bare-") as folder:
        store = SqliteStore(Path(folder) / "bare.db")
        here = store.database.initialise(
            lambda link: link.raw
        )  # the writer's own connection, pragmas and all
        (dataset,) = there.execute("SELECT min(no) FROM datasets").fetchone()
        for table in ("datasets", "fields", "agents"):
            _fill(here, table, there.execute(f"SELECT * FROM {table}").fetchall())
        here.dialect.texts(here, dataset).create()
        (records,) = there.execute("SELECT count(*) FROM records WHERE dataset = ?", (dataset,)).fetchone()
        facets, numbers, vals = _by_record(there, dataset)
        seen: set[int] = set()
        cpu = wall = 0.0
        for start in range(0, records, _SLICE):
            batches = _batches(there, dataset, start, facets, numbers, vals, seen)
            began, cpu_began = time.perf_counter(), time.process_time()
            for batch in batches:
                _insert(here, dataset, batch)
            wall += time.perf_counter() - began
            cpu += time.process_time() - cpu_began
        store.close()
    return {"records": records, "cpu": cpu, "wall": wall}


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _by_record(
    there: sqlite3.Connection, dataset: int
) -> tuple[dict[int, list[int]], dict[int, Rows], dict[int, tuple[Any, ...]]]:
    fields = "SELECT no FROM fields WHERE dataset = ?"
    vals = {
        row[0]: row[:5]
        for row in there.execute(
            f"SELECT vid, field, viewer, value, num FROM vals WHERE field IN ({fields})", (dataset,)
        )
    }
    facets: dict[int, list[int]] = defaultdict(list)
    for (key,) in there.execute("SELECT key FROM facet"):
        if key >> 32 in vals:
            facets[key & _LOW].append(key)
    numbers: dict[int, Rows] = defaultdict(list)
    for row in there.execute(f"SELECT field, value, n FROM numbers WHERE field IN ({fields})", (dataset,)):
        numbers[row[2]].append(row)
    return facets, numbers, vals


def _batches(
    there: sqlite3.Connection,
    dataset: int,
    start: int,
    facets: dict[int, list[int]],
    numbers: dict[int, Rows],
    vals: dict[int, tuple[Any, ...]],
    seen: set[int],
) -> list[dict[str, Any]]:
    """Return the rows of some thousand records, sorted as each table likes it best."""
    found = []
    for first in range(start, start + _SLICE, BATCH):
        records = there.execute(
            "SELECT * FROM records WHERE dataset = ? ORDER BY rid LIMIT ? OFFSET ?", (dataset, BATCH, first)
        ).fetchall()
        if not records:
            break
        ns = [row[0] & _LOW for row in records]
        keys = sorted(key for n in ns for key in facets.get(n, ()))
        counts = Counter(key >> 32 for key in keys)
        new = [(*vals[vid], n) for vid, n in counts.items() if vid not in seen]
        old = [(n, vid) for vid, n in counts.items() if vid in seen]
        seen.update(counts)
        annotations = there.execute(
            "SELECT * FROM annotations WHERE rid BETWEEN ? AND ?", (records[0][0], records[-1][0])
        ).fetchall()
        found.append({
            "records": records,
            "texts": [(row[0] & _LOW, analysed(text_of(row[6]))) for row in records],
            "keys": [(key,) for key in keys],
            "numbers": sorted(row for n in ns for row in numbers.get(n, ())),
            "new": new,
            "old": old,
            "annotations": annotations,
        })  # fmt: skip
    return found


def _insert(here: sqlite3.Connection, dataset: int, batch: dict[str, Any]) -> None:
    many = here.executemany
    here.execute("BEGIN IMMEDIATE")
    _fill(here, "records", batch["records"])
    many(f"INSERT INTO fts_{dataset}(rowid, text) VALUES (?, ?)", batch["texts"])
    many("INSERT INTO facet VALUES (?)", batch["keys"])
    many("INSERT INTO numbers VALUES (?, ?, ?)", batch["numbers"])
    many("INSERT INTO vals VALUES (?, ?, ?, ?, ?, ?)", batch["new"])
    many("UPDATE vals SET n = n + ? WHERE vid = ?", batch["old"])
    _fill(here, "annotations", batch["annotations"])
    here.execute("COMMIT")


def _fill(here: sqlite3.Connection, table: str, rows: Rows) -> None:
    if rows:
        here.executemany(f"INSERT INTO {table} VALUES ({_marks(len(rows[0]))})", rows)


# Annotating, eight at once


class _Known:
    """The numbers of the values that annotators filter by and set."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.dataset, self.base = raw.execute("SELECT min(no), min(no) << 32 FROM datasets").fetchone()
        self.users = self._vids(raw, "metadata.user")
        self.labels = list(self._vids(raw, "annotated_as").values())
        self.states = self._vids(raw, "status")
        self.agent = next(iter(self._vids(raw, "annotated_by").values()))

    def _vids(self, raw: sqlite3.Connection, field: str) -> dict[str, int]:
        return dict(
            raw.execute(
                "SELECT value, vid FROM vals WHERE viewer = 0 AND field = "
                "(SELECT no FROM fields WHERE dataset = ? AND name = ?)",
                (self.dataset, field),
            ).fetchall()
        )


def annotate(file: Path, seconds: float) -> dict[str, float]:
    """Eight threads: read a page of one's open records with their total, annotate one of them. Loops."""
    writer = SqliteConnection(file, readonly=False).raw
    known, lock, stop = _Known(writer), threading.Lock(), threading.Event()
    loops = [0] * 8
    reads: list[float] = []
    writes: list[float] = []

    def person(who: int) -> None:
        raw, dice = SqliteConnection(file, readonly=True).raw, random.Random(who)
        while not stop.is_set():
            began = time.perf_counter()
            rows, _ = _page(raw, known, known.users[f"user{dice.randrange(USERS)}"])
            reads.append(time.perf_counter() - began)
            if not rows:
                continue
            began = time.perf_counter()
            with lock:
                _annotate(writer, known, dice.choice(rows)[0], dice.choice(known.labels))
            writes.append(time.perf_counter() - began)
            loops[who] += 1

    people = [threading.Thread(target=person, args=(who,)) for who in range(8)]
    began, cpu = time.perf_counter(), time.process_time()
    for each in people:
        each.start()
    time.sleep(seconds)
    stop.set()
    for each in people:
        each.join()
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"loops": sum(loops), "wall": wall, "cpu": cpu}


def _page(raw: sqlite3.Connection, known: _Known, user: int) -> tuple[Rows, int]:
    done = " UNION ALL ".join(
        f"SELECT 1 FROM facet WHERE key = {vid} << 32 | f.key & {_LOW}" for vid in known.states.values()
    )
    mine = f"FROM facet f WHERE f.key >= ? AND f.key < ? AND NOT EXISTS ({done})"
    span = (user << 32, user + 1 << 32)
    raw.execute("BEGIN")
    (total,) = raw.execute(f"SELECT count(*) {mine}", span).fetchone()
    rows = raw.execute(
        f"SELECT * FROM records WHERE rid IN (SELECT {known.base} | (f.key & {_LOW}) {mine} LIMIT 20)", span
    ).fetchall()
    raw.execute("COMMIT")
    return rows, total


def _annotate(raw: sqlite3.Connection, known: _Known, rid: int, label: int) -> None:
    n, now = rid & _LOW, time.time_ns() // 1000
    vids = [known.states["Validated"], known.agent, label]
    raw.execute("BEGIN IMMEDIATE")
    (status,) = raw.execute("SELECT status FROM records WHERE rid = ?", (rid,)).fetchone()
    if status == 0:
        raw.execute(
            "UPDATE records SET status = 1, updated = ?, answer = ?, answer_terms = ?, version = version + 1 "
            "WHERE rid = ?",
            (now, b'"a"\n"labels":[{"class_label":"b","score":1.0}]', b"".join(_u32(v) for v in vids), rid),
        )
        raw.execute(
            "INSERT OR REPLACE INTO annotations (rid, annotator, state, value, version, updated, terms) "
            "VALUES (?, ?, 1, ?, 1, ?, ?)",
            (rid, known.agent, b'"labels":[]', now, b""),
        )
        raw.executemany("INSERT OR IGNORE INTO facet VALUES (?)", [(vid << 32 | n,) for vid in vids])
        raw.executemany("UPDATE vals SET n = n + 1 WHERE vid = ?", [(vid,) for vid in vids])
        raw.execute("UPDATE datasets SET last_updated = ? WHERE no = ?", (now, known.dataset))
    raw.execute("COMMIT")


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


if __name__ == "__main__":
    main()
