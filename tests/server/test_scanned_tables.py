"""Work at the queue and changes of plans read no large table from one end to the other, however large it is."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest

from apportion.storage.sqlite.connection import SqliteRaw
from dataset_client import DatasetClient

LARGE = {"slots", "waiting", "records", "annotations", "facet", "past_assignees", "declined", "events"}
SCANNED = re.compile(r"^SCAN (\w+)(?! USING)")


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Statements that read a large table from one end to the other, by table."""
    found: dict[str, set[str]] = {}

    def execute(raw: SqliteRaw, sql: str, *given: Any) -> sqlite3.Cursor:
        if sql.lstrip().upper().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
            for *_, step in sqlite3.Connection.execute(raw, f"EXPLAIN QUERY PLAN {sql}", *given):
                table = SCANNED.match(step)
                if table and table[1] in LARGE:
                    found.setdefault(table[1], set()).add(sql)
        return sqlite3.Connection.execute(raw, sql, *given)

    monkeypatch.setattr(SqliteRaw, "execute", execute, raising=False)
    return found


def test_working_at_a_queue_and_changing_its_plan_reads_no_whole_table(
    client_as: Any, scans: dict[str, set[str]]
) -> None:
    talk = DatasetClient(client_as, ids="abcdefghijklmnopqrst", annotation="individual", required=1)
    plan = talk.post("max", "assignments", {"rules": [{"users": ["ana", "ben"], "overlap": 1}], "seed": 7})
    first, second, *_ = talk.post("ana", "queue:claim", {"limit": 5})["records"]
    talk.put("ana", first["assignment"]["id"], "good")
    talk.post("ana", "queue:skip", {key: second["assignment"][key] for key in ("id", "token")})
    for verb, sent in (
        ("move", {"to": "ben", "annotator": "ana"}),
        ("rebalance", {"users": ["ana", "ben"], "level": True}),
        ("withdraw", {"annotator": "ben"}),
    ):
        changed = talk.post("max", f"assignments/{plan['id']}:{verb}", sent)
        assert changed["moved"] + changed["removed"] > 1
    talk.post("max", f"assignments/{plan['id']}:undo", {})

    assert scans == {}
