"""Whatever a database writes its own way has to mean the same as every other's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apportion.domain.text import analysed
from apportion.storage.sql.connection import RawConnection
from apportion.storage.sql.texts import AllTexts, AnyText, AnyWord, Near, TextIndex, TextNode, Words
from apportion.storage.sqlite.connection import SqliteConnection

NUMBERS = st.lists(st.integers(-(1 << 63), (1 << 63) - 1), max_size=20)
# U+0000 apart: such strings are looked up one by one
STRINGS = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=20)
ONCE = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[RawConnection]:
    connection = SqliteConnection(tmp_path / "dialect.db", readonly=False)
    connection.raw.execute("CREATE TABLE t (n BIGINT PRIMARY KEY, f DOUBLE PRECISION, s TEXT)")
    yield connection.raw
    connection.close()


@pytest.fixture
def texts(raw: RawConnection) -> TextIndex:
    index = raw.dialect.texts(raw, 7)
    index.create()
    answer = ("red apples and green pears", "green apples", "Pears, apples", "nothing of it", "äpfel are red")
    index.add([(n, analysed(text)) for n, text in enumerate(answer, 1)])
    return index


def filled(raw: RawConnection, rows: list[tuple[Any, ...]], **options: Any) -> int:
    return raw.dialect.insert_rows(raw, "t", 3, rows, **options)


@ONCE
@given(numbers=NUMBERS)
def test_a_list_of_numbers_is_a_table_in_its_order(raw: RawConnection, numbers: list[int]) -> None:
    sql = raw.dialect
    listed = f"SELECT given.key, given.value FROM {sql.listed_numbers('given')} ORDER BY given.key"

    assert raw.execute(listed, (sql.numbers(numbers),)).fetchall() == list(enumerate(numbers))


@ONCE
@given(strings=STRINGS)
def test_a_list_of_strings_is_a_table_in_its_order(raw: RawConnection, strings: list[str]) -> None:
    sql = raw.dialect
    listed = f"SELECT given.key, given.value FROM {sql.listed_strings('given')} ORDER BY given.key"

    assert raw.execute(listed, (sql.strings(strings),)).fetchall() == list(enumerate(strings))


@ONCE
@given(numbers=NUMBERS, strings=STRINGS, one=st.integers(-9, 9), other=st.sampled_from(["a", "A", "é", ""]))
def test_membership_in_lists_is_exact(
    raw: RawConnection, numbers: list[int], strings: list[str], one: int, other: str
) -> None:
    raw.execute("DELETE FROM t")
    filled(raw, [(one, 0.5, other)])
    sql = raw.dialect
    asked = f"SELECT count(*) FROM t WHERE {sql.in_numbers('n')} AND {sql.in_strings('s')}"
    for some in (numbers, [*numbers, one]):
        for others in (strings, [*strings, other]):
            (count,) = raw.execute(asked, (sql.numbers(some), sql.strings(others))).fetchone()
            assert count == int(one in some and other in others)


def test_a_few_numbers_are_looked_up_as_many_are(raw: RawConnection) -> None:
    filled(raw, [(n, 0.5, "x") for n in range(5)])
    for numbers in ([1], [4, 1, 9], list(range(500))):
        among, given = raw.dialect.in_few("n", numbers)
        found = raw.execute(f"SELECT n FROM t WHERE s = ? AND {among} ORDER BY n", ("x", *given)).fetchall()
        assert [n for (n,) in found] == sorted({0, 1, 2, 3, 4}.intersection(numbers))


def test_a_list_may_stand_at_a_numbered_place(raw: RawConnection) -> None:
    filled(raw, [(n, 0.5, "x") for n in range(5)])
    asked = f"SELECT count(*) FROM t WHERE {raw.dialect.in_numbers('n', '?2')} AND n > ?1"

    assert raw.execute(asked, (1, raw.dialect.numbers([0, 1, 2, 3]))).fetchone() == (2,)


# Scores, dates and metadata: SQLite writes numbers near the smallest there are with fewer digits
FLOATS = st.floats(-1e100, 1e100).filter(lambda f: f == 0 or abs(f) > 1e-100)


@ONCE
@given(rows=st.dictionaries(st.integers(-(1 << 63), (1 << 63) - 1), FLOATS, max_size=20))
@example(rows={1: 0.46795476594943197})
def test_packed_columns_keep_every_digit(raw: RawConnection, rows: dict[int, float]) -> None:
    raw.execute("DELETE FROM t")
    filled(raw, [(n, f, None) for n, f in rows.items()])
    sql = raw.dialect
    ns, fs = raw.execute(f"SELECT {sql.packed('n')}, {sql.packed_floats('f')} FROM t").fetchone()

    found = zip(sql.unpacked(ns, np.int64).tolist(), sql.unpacked(fs, np.float64).tolist(), strict=True)
    assert dict(found) == rows


def test_inserting_counts_what_was_not_there(raw: RawConnection) -> None:
    assert filled(raw, [(n, 0.5, "old") for n in range(700)]) == 700
    assert filled(raw, [(n, 0.5, "new") for n in range(650, 1_300)], unless_there=True) == 600
    assert filled(raw, [], unless_there=True) == 0
    assert raw.execute("SELECT s, count(*) FROM t GROUP BY s ORDER BY s").fetchall() == [
        ("new", 600),
        ("old", 700),
    ]
    assert raw.dialect.insert_rows(raw, "t", 2, [(2_000, "x"), (2_001, "y")], form="(?, NULL, ?)") == 2


def test_many_numbers_are_inserted_as_few_are(raw: RawConnection) -> None:
    sql = raw.dialect
    assert sql.insert_numbers(raw, "t (n)", range(30)) == 30
    assert sql.insert_numbers(raw, "t (n)", range(20, 40), unless_there=True) == 10
    assert sql.insert_numbers(raw, "t (n)", range(40, 30_000)) == 29_960
    assert sql.insert_numbers(raw, "t (n)", range(29_000, 60_000), unless_there=True) == 30_000
    assert sql.insert_numbers(raw, "t (n)", []) == 0
    assert raw.execute("SELECT count(*), min(n), max(n) FROM t").fetchone() == (60_000, 0, 59_999)


@pytest.mark.parametrize(
    ("text", "part", "found"),
    [
        ("Ana's Plan", "ana", True),
        ("plan", "PLAN", True),
        ("50% off", "%", True),
        ("plan", "_", False),
        ("a", "", True),
    ],
)
def test_containing_ignores_case_and_knows_no_wildcards(
    raw: RawConnection, text: str, part: str, found: bool
) -> None:
    filled(raw, [(1, 0.5, text)])
    (count,) = raw.execute(f"SELECT count(*) FROM t WHERE {raw.dialect.contains('s')}", (part,)).fetchone()

    assert bool(count) is found


@pytest.mark.parametrize(
    ("node", "found"),
    [
        (Words(("green",)), [1, 2]),
        (Words(("green", "apples")), [2]),
        (Words(("app",), prefix=True), [1, 2, 3]),
        (Words(("green", "p"), prefix=True), [1]),
        (Near(("pears", "red"), 2), []),
        (Near(("pears", "red"), 3), [1]),
        (AnyWord(("nothing", "äpfel")), [4, 5]),
        (AllTexts((Words(("red",)), AnyWord(("pears", "are")))), [1, 5]),
        (AnyText((Words(("nothing",)), AllTexts((Words(("pears",)), Words(("green",)))))), [1, 4]),
    ],
)
def test_texts_are_found_by_words(texts: TextIndex, node: TextNode, found: list[int]) -> None:
    assert sorted(texts.matching(node).tolist()) == found


def test_a_text_index_knows_its_words(texts: TextIndex) -> None:
    assert sorted(texts.vocabulary()) == [
        "and", "apples", "are", "green", "it", "nothing", "of", "pears", "red", "äpfel",
    ]  # fmt: skip
    assert list(texts.words_between("a", "b")) == ["and", "apples", "are"]
    assert texts.most_frequent(3) == [("apples", 3), ("green", 2), ("pears", 2)]


def test_a_text_index_follows_changes_and_finds_what_is_wrong_in_it(texts: TextIndex) -> None:
    texts.remove(4, "nothing of it")
    texts.replace(2, "green apples", "blue plums")
    assert texts.changed

    kept = {1: "red apples and green pears", 2: "blue plums", 3: "Pears, apples", 5: "äpfel are red"}
    for should, difference in (
        (kept, None),
        ({**kept, 3: "Pears, apples, quinces"}, ("lacks", "quinces", 3)),
        ({**kept, 3: "Pears"}, ("has, and should not have,", "apples", 3)),
    ):
        with texts.compared() as comparison:
            comparison.add((n, analysed(text)) for n, text in should.items())
            assert comparison.difference() == difference


def test_a_text_index_is_dropped_part_by_part(texts: TextIndex, raw: RawConnection) -> None:
    for _ in range(100):
        if not texts.drop_some():
            break
    else:
        pytest.fail("it never ends")
    texts.create()
    assert texts.vocabulary() == []
