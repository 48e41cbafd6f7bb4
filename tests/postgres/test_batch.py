"""Writes that are sent together do what they would do one after the other, in fewer statements."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

import pytest

from apportion.storage.postgres.batch import Sent, merged
from apportion.storage.postgres.connection import PostgresConnection
from apportion.storage.postgres.database import Database
from postgres_cluster import own_database


def test_writes_to_different_tables_become_one_statement() -> None:
    sent = [
        Sent("UPDATE slots SET state = ?2 WHERE no = ?1", (7, 2)),
        Sent("INSERT INTO time_spent VALUES (?, ?)", (1, 500)),
        Sent("INSERT INTO facet SELECT unnest(?::bigint[])", ("{1,2}",)),
    ]
    ((sql, parameters, _),) = merged(sent)
    assert sql == (
        "WITH part0 AS (UPDATE slots SET state = $2 WHERE no = $1), part1 AS (INSERT INTO time_spent VALUES "
        "($3, $4)), part2 AS (INSERT INTO facet SELECT unnest($5::bigint[])) SELECT"
    )
    assert parameters == [7, 2, 1, 500, "{1,2}"]


def test_a_second_write_to_a_table_comes_after_the_first() -> None:
    gone, new = "DELETE FROM facet WHERE key = $1", "INSERT INTO facet SELECT unnest($1::bigint[])"
    sent = [Sent(gone, (1,)), Sent(new, ("{1}",))]
    assert [sql for sql, *_ in merged(sent)] == [gone, new]


def test_what_reads_or_locks_stands_alone_and_keeps_its_place() -> None:
    sent = [
        Sent("UPDATE records SET status = ? WHERE rid = ?", (1, 2)),
        Sent("INSERT INTO changes (no) SELECT no FROM feed WHERE dataset = ?", (3,)),
        Sent("SELECT pg_advisory_xact_lock(?::int, 0)", (4,)),
        Sent("INSERT INTO events (what) VALUES (?)", ("undo",)),
        Sent("COMMIT", ()),
    ]
    assert [sql.split()[0] for sql, *_ in merged(sent)] == ["UPDATE", "INSERT", "SELECT", "INSERT", "COMMIT"]


def test_the_feed_is_locked_before_what_comes_after_it_is_written() -> None:
    tables = ("slots", "feed", "vals", "slot_counts")
    sent = [Sent(f"UPDATE {table} SET n = ?", (1,)) for table in tables]
    assert [sql.count("UPDATE") for sql, *_ in merged(sent)] == [1, 1, 2]


def test_a_dollar_in_quotes_is_no_place() -> None:
    sent = [Sent("UPDATE a SET x = ?", (1,)), Sent("UPDATE b SET y = '$1' WHERE z = ?", (2,))]
    ((sql, *_),) = merged(sent)
    assert sql == "WITH part0 AS (UPDATE a SET x = $1), part1 AS (UPDATE b SET y = '$1' WHERE z = $2) SELECT"


@pytest.fixture
def database() -> Iterator[Database]:
    with own_database() as url, contextlib.closing(Database(url)) as opened:
        yield opened


def beat(at: int) -> Callable[[PostgresConnection], None]:
    return lambda connection: connection.raw.send("INSERT INTO heartbeat VALUES (?)", (at,))


def beats(database: Database) -> list[int]:
    with database.read() as connection:
        return sorted(at for (at,) in connection.raw.execute("SELECT at FROM heartbeat").fetchall())


@pytest.mark.parametrize("urgent", [True, False])
def test_a_write_that_fails_after_it_was_sent_fails_alone(database: Database, urgent: bool) -> None:
    started = threading.Event()
    first = database.write(lambda _: started.wait(), urgent=urgent)  # the others stand in line together
    asked = [
        database.write(beat(1), urgent=urgent),
        database.write(lambda connection: connection.raw.send("INSERT INTO heartbeat VALUES (1, 2, 3)"), urgent=urgent),
        database.write(beat(2), urgent=urgent),
    ]  # fmt: skip
    started.set()
    first.result()
    assert [type(each.exception()).__name__ for each in asked] == ["NoneType", "SyntaxError", "NoneType"]
    assert beats(database) == [1, 2]


def test_what_was_sent_is_seen_by_the_next_statement(database: Database) -> None:
    def write(connection: PostgresConnection) -> int:
        connection.raw.send("INSERT INTO heartbeat VALUES (?)", (5,))
        asked = connection.raw.ask("SELECT 7", ())
        (count,) = connection.raw.execute("SELECT count(*) FROM heartbeat").fetchone()
        return int(count) + int(asked.fetchall()[0][0])

    assert database.write(write).result() == 8
    assert beats(database) == [5]
