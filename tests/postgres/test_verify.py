"""``apportion verify`` on PostgreSQL, which returns rows in any order."""

from __future__ import annotations

from contextlib import closing

import psycopg

from apportion.storage.postgres.store import PostgresStore
from stored_dataset import StoredDataset, text
from upkeep import problems_in


def test_numbers_that_the_database_returns_in_another_order_agree(url: str) -> None:
    with closing(PostgresStore(url)) as store:
        stored = StoredDataset(store)
        for n in range(5):  # each sorts after those that come later
            stored.log(text(f"r{n}", metadata={"share": 1 / (n + 1), "n": -n}))
        with psycopg.connect(url) as connection:
            connection.execute("ALTER TABLE numbers DROP CONSTRAINT IF EXISTS numbers_pkey")
        assert problems_in(store) == []
