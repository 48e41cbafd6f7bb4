"""Every request looks its user up by key."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from apportion.storage.sql.people import _BY_KEY
from apportion.storage.sqlite.connection import SqliteConnection
from apportion.storage.tables import metadata


def test_finding_a_key_needs_no_scan(tmp_path: Path) -> None:
    connection = SqliteConnection(tmp_path / "people.db", readonly=False)
    metadata.create_all(connection.sql)

    plan = connection.sql.execute(text(f"EXPLAIN QUERY PLAN {_BY_KEY.compile()}"), {"key_hash": "x"})

    assert not [row for row in plan if row.detail.startswith("SCAN")]
    connection.close()
