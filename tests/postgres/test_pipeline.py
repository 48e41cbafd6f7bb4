"""Statements that go to the database in one round trip."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from apportion.storage.postgres import pipeline, strings
from apportion.storage.postgres.connection import PostgresConnection, connect
from apportion.storage.postgres.dialect import POSTGRES
from apportion.storage.postgres.pipeline import Pipeline, Rows
from postgres_cluster import own_database

NAMES = "SELECT name FROM pg_prepared_statements WHERE name LIKE 'ap%'"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with own_database() as url:
        yield url


@pytest.fixture
def link(url: str) -> Iterator[psycopg.Connection[Any]]:
    with closing(connect(url)) as link:
        link.execute("CREATE TEMP TABLE kept (n bigint UNIQUE)")
        yield link


def run(pipe: Pipeline, *statements: tuple[Any, ...]) -> list[Rows]:
    found = [(sql, parameters, pipe.rows()) for sql, *parameters in statements]
    pipe.run(found)
    return [rows for _, _, rows in found]


def kept(link: psycopg.Connection[Any]) -> list[int]:
    return [n for (n,) in link.execute("SELECT n FROM kept ORDER BY n").fetchall()]


def test_each_statement_gets_its_own_rows_and_counts(link: psycopg.Connection[Any]) -> None:
    some = "SELECT n FROM generate_series(1, 5) n"
    first, added, none, returned = run(
        Pipeline(link),
        (some,),
        ("INSERT INTO kept SELECT n FROM generate_series(1, $1::int) n", 3),
        ("SELECT 1 WHERE $1", False),
        ("DELETE FROM kept WHERE n > $1 RETURNING n", 1),
    )
    assert (first.fetchone(), first.fetchmany(2), next(first), first.fetchall()) == (
        (1,),
        [(2,), (3,)],
        (4,),
        [(5,)],
    )
    assert (first.changed, added.changed, returned.changed) == (0, 3, 2)
    assert (first.rowcount, added.rowcount, none.fetchone(), list(none)) == (5, 3, None, [])
    assert list(returned) == [(2,), (3,)]
    with pytest.raises(psycopg.ProgrammingError, match="no rows"):
        added.fetchall()


def test_what_fails_says_why_undoes_the_transaction_and_leaves_the_connection_usable(
    link: psycopg.Connection[Any],
) -> None:
    pipe = Pipeline(link)
    with pytest.raises(psycopg.errors.UniqueViolation, match="kept_n_key"):
        run(pipe, ("BEGIN",), *[("INSERT INTO kept VALUES ($1)", 1)] * 2, ("SELECT 1 / 0",), ("COMMIT",))
    run(pipe, ("ROLLBACK",))
    assert kept(link) == []
    (again,) = run(pipe, ("SELECT 2",))
    assert again.fetchall() == [(2,)]


def test_a_value_that_cannot_be_sent_is_refused_before_anything_is_sent(
    link: psycopg.Connection[Any],
) -> None:
    pipe = Pipeline(link)
    with pytest.raises(UnicodeEncodeError):
        run(pipe, ("INSERT INTO kept VALUES (1)",), ("SELECT $1::text", "\ud800"))
    assert kept(link) == []
    assert run(pipe, ("SELECT $1::text", "é"))[0].fetchall() == [("é",)]


def test_strings_are_written_and_read_as_they_are_stored(link: psycopg.Connection[Any]) -> None:
    strings.register(link)
    assert run(Pipeline(link), ("SELECT $1::text", "a\0b"))[0].fetchall() == [("a\0b",)]


def test_what_is_used_often_is_prepared_and_stays_so_after_a_rollback(link: psycopg.Connection[Any]) -> None:
    pipe = Pipeline(link)
    for n in range(8):
        (found,) = run(pipe, ("SELECT $1::bigint", n))
        assert found.fetchall() == [(n,)]
        run(pipe, ("BEGIN",), ("SELECT 1 AS rare" + " " * n,), ("ROLLBACK",))
    statements = [sql for (sql,) in link.execute("SELECT statement FROM pg_prepared_statements").fetchall()]
    assert sorted(statements) == ["BEGIN", "ROLLBACK", "SELECT $1::bigint"]


def test_what_the_driver_rolls_back_leaves_them_prepared(url: str) -> None:
    with closing(PostgresConnection(url, readonly=False)) as connection:
        for _ in range(2):
            connection.begin()
            for n in range(8):
                assert connection.sql.execute(text("SELECT 5")).scalar() == 5
                assert connection.raw.execute("SELECT ?", (n,)).fetchone() == (n,)
            connection.roll_back()


def test_one_statement_with_other_types_is_another_one(link: psycopg.Connection[Any]) -> None:
    pipe = Pipeline(link)
    for n in range(20):
        (found,) = run(pipe, ("SELECT $1", n if n % 2 else str(n)))
        assert found.fetchall() == [(n if n % 2 else str(n),)]


def test_a_statement_that_could_not_be_prepared_is_not_taken_for_one_that_is(
    link: psycopg.Connection[Any],
) -> None:
    pipe = Pipeline(link)
    for _ in range(6):
        with pytest.raises(psycopg.errors.UndefinedTable):
            run(pipe, ("SELECT 1 FROM missing",), ("SELECT 5",))
    link.execute("CREATE TEMP TABLE missing (n int)")
    found, five = run(pipe, ("SELECT 1 FROM missing",), ("SELECT 5",))
    assert (found.fetchall(), five.fetchall()) == ([], [(5,)])


def test_the_database_keeps_a_bounded_number_of_them(
    link: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_MOST_PREPARED", 3)
    pipe = Pipeline(link)
    for n in range(6):
        for _ in range(6):
            assert run(pipe, (f"SELECT {n}",))[0].fetchall() == [(n,)]
    assert len(link.execute(NAMES).fetchall()) <= 3


def test_a_failed_transaction_is_rolled_back_also_where_others_have_to_be_forgotten(
    link: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_MOST_PREPARED", 1)
    pipe = Pipeline(link)
    for _ in range(6):
        run(pipe, ("SELECT 1",))
    link.execute("BEGIN")
    with pytest.raises(psycopg.errors.DivisionByZero):
        link.execute("SELECT 1 / 0")
    run(pipe, ("ROLLBACK",))
    assert run(pipe, ("SELECT 1",))[0].fetchall() == [(1,)]


def test_more_goes_both_ways_than_buffers_hold(link: psycopg.Connection[Any]) -> None:
    large = "x" * 2_000_000
    found = run(Pipeline(link), *[("SELECT $1::text", large)] * 10)
    assert all(rows.fetchall() == [(large,)] for rows in found)


@pytest.mark.parametrize("idle", [True, False])
def test_a_lost_connection_says_why(link: psycopg.Connection[Any], url: str, idle: bool) -> None:
    end = ("SELECT pg_terminate_backend($1::int)", link.info.backend_pid)
    pipe = Pipeline(link)
    if idle:
        with connect(url) as other:
            other.execute(f"SELECT pg_terminate_backend({link.info.backend_pid}, 5000)")
    with pytest.raises(psycopg.errors.AdminShutdown):
        run(pipe, end, ("SELECT 1",))
    assert link.broken
    with pytest.raises(psycopg.OperationalError, match="lost"):
        run(pipe, ("SELECT 1",))


def test_numbers_in_one_value_are_refused_if_there_is_a_null_among_them(
    link: psycopg.Connection[Any],
) -> None:
    packed = f"SELECT {POSTGRES.packed('n')} FROM unnest($1::bigint[]) AS n"
    whole, with_null, none = run(Pipeline(link), (packed, [1, 2]), (packed, [1, None, 2]), (packed, []))

    assert POSTGRES.unpacked(whole.fetchone()[0], "int64").tolist() == [1, 2]
    assert POSTGRES.unpacked(none.fetchone()[0], "int64").tolist() == []
    with pytest.raises(ValueError, match="NULL"):
        POSTGRES.unpacked(with_null.fetchone()[0], "int64")
