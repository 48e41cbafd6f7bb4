"""Rows of which some columns are the same for all: a few as values, more as arrays, many numbers by COPY."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from apportion.storage.postgres.connection import PostgresConnection
from apportion.storage.postgres.dialect import POSTGRES
from apportion.storage.postgres.statements import COPY_FROM, MANY_ROWS


@pytest.fixture
def connection(url: str) -> Iterator[PostgresConnection]:
    with closing(PostgresConnection(url, readonly=False)) as opened:
        yield opened


ODD = ['{"a": "b\\c"}', "NULL", "", None, 'a,"{}"\0\1']


@pytest.mark.parametrize("many", [3, COPY_FROM, MANY_ROWS])
@pytest.mark.parametrize("odd", [ODD, [None] * 5], ids=["with text", "numbers only"])
def test_values_of_every_kind_come_back_as_they_were(
    connection: PostgresConnection, many: int, odd: list[str | None]
) -> None:
    raw, into = (
        connection.raw,
        "slots (no, dataset, rid, plan, rule, slot, annotator, state, phase, reason, inclusion, ",
    )
    into += "priority, due, behind, pull, needs)"
    rows: list[tuple[Any, ...]] = [
        (
            n,
            n << 32 | 5,
            0,
            n % 3,
            4,
            1,
            n,
            0.1 * n,
            -n,
            (1 << 60) + n,
            n % 2 == 0,
            odd[n % 5],
        )
        for n in range(1, many + 1)
    ]
    connection.begin()
    added = POSTGRES.insert_rows(raw, into, 12, rows, form="(?, 7, ?, 8, ?, ?, ?, 0, ?, ?, ?, ?, ?, 0, ?, ?)")
    connection.commit()
    assert added == many
    names = "no, rid, rule, slot, annotator, phase, reason, inclusion, priority, due, pull, needs"
    found = raw.execute(
        f"SELECT {names} FROM slots WHERE dataset = 7 AND plan = 8 AND state = 0 AND behind = 0 ORDER BY no"
    ).fetchall()
    assert [tuple(row) for row in found] == rows


@pytest.mark.parametrize("many", [COPY_FROM, MANY_ROWS])
def test_rows_that_are_there_are_left_out_and_not_counted(connection: PostgresConnection, many: int) -> None:
    into, form = "waiting (dataset, annotator, behind, due, priority, slot)", "(7, ?, 0, ?, ?, ?)"
    rows = [(1, 0, n, n) for n in range(2 * many)]
    connection.begin()
    connection.raw.send("INSERT INTO facet VALUES (?)", (1,))
    assert POSTGRES.insert_rows(connection.raw, into, 4, rows[:many], unless_there=True, form=form) == many
    assert POSTGRES.insert_rows(connection.raw, into, 4, rows, unless_there=True, form=form) == many
    assert POSTGRES.insert_numbers(connection.raw, "facet", range(2, many), unless_there=True) == many - 2
    assert POSTGRES.insert_numbers(connection.raw, "facet", range(2 * many), unless_there=True) == many + 1
    connection.commit()
    asked = "SELECT (SELECT count(*) FROM waiting), (SELECT count(*) FROM facet)"
    assert connection.raw.execute(asked).fetchone() == (2 * many, 2 * many)
