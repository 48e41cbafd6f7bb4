"""Rows of which some columns are the same for all are sent as an array for each other column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from apportion.storage.postgres.connection import PostgresConnection
from apportion.storage.postgres.dialect import POSTGRES
from apportion.storage.postgres.statements import COPY_FROM


@pytest.fixture
def connection(url: str) -> Iterator[PostgresConnection]:
    with closing(PostgresConnection(url, readonly=False)) as opened:
        yield opened


@pytest.mark.parametrize("many", [3, COPY_FROM, 500])
def test_values_of_every_kind_come_back_as_they_were(connection: PostgresConnection, many: int) -> None:
    raw, into = (
        connection.raw,
        "slots (no, dataset, rid, plan, rule, slot, annotator, state, phase, reason, inclusion, ",
    )
    into += "priority, due, behind, pull, needs)"
    odd = ['{"a": "b\\c"}', "NULL", "", None, 'a,"{}"\0\1']
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


def test_rows_that_are_there_are_left_out_and_not_counted(connection: PostgresConnection) -> None:
    into, form = "waiting (dataset, annotator, behind, due, priority, slot)", "(7, ?, 0, ?, ?, ?)"
    rows = [(1, 0, n, n) for n in range(100)]
    connection.begin()
    assert POSTGRES.insert_rows(connection.raw, into, 4, rows[:60], unless_there=True, form=form) == 60
    assert POSTGRES.insert_rows(connection.raw, into, 4, rows, unless_there=True, form=form) == 40
    connection.commit()
