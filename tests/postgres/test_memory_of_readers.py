"""Connections that only read."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest

from apportion.storage.postgres.connection import PostgresConnection


@pytest.mark.parametrize(("given", "used"), [("4MB", "64MB"), ("256MB", "256MB")])
def test_a_reader_has_memory_for_frequent_words_and_keeps_more(url: str, given: str, used: str) -> None:
    with closing(PostgresConnection(f"{url}?options=-c%20work_mem%3D{given}", readonly=True)) as reader:
        assert reader.raw.execute("SELECT current_setting('work_mem')").fetchone() == (used,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.raw.execute("CREATE TABLE written (n bigint)")
