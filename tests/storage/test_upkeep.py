"""Backups are whole, and ``verify`` sees every kind of disagreement."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from apportion.domain.datasets import Dataset
from apportion.domain.ids import DatasetNo
from apportion.domain.records import AgentValues, TextClassificationRecord, Vector
from apportion.ports.records import Criteria
from apportion.storage.sqlite.connection import SqliteConnection
from apportion.storage.sqlite.store import SqliteStore
from apportion.storage.sqlite.upkeep import SqliteUpkeep
from apportion.vocabulary import Status, Task


def dataset() -> Dataset:
    return Dataset(DatasetNo(0), str(uuid4()), "team", "talk", Task.TEXT_CLASSIFICATION, {}, {}, None)


def record(n: int, text: str = "a quiet word") -> TextClassificationRecord:
    label = AgentValues("model", {"model": (("good", 0.25 + n / 100),)})
    return TextClassificationRecord(
        id=f"r{n}",
        status=Status.VALIDATED if n % 2 else Status.DEFAULT,
        metadata={"page": f"p{n % 3}", "weight": n + 0.5},
        event=n * 1_000_000,
        prediction=label,
        annotation=AgentValues("ana", {"ana": (("good", 1.0),)}) if n % 2 else None,
        vectors={"mini": Vector([1.0, float(n)])},
        inputs={"text": f"{text} number{n}"},
    )


def log(store: SqliteStore, records: list[TextClassificationRecord], at: int = 1) -> None:
    prepared = store.encode_records(Task.TEXT_CLASSIFICATION, records)

    def work(within: Any) -> None:
        found = within.datasets.find("team", "talk") or within.datasets.add(dataset())
        within.records.log(found, prepared, at=at)

    store.write(work).result()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "apportion.db")
    log(opened, [record(n) for n in range(1, 9)])
    yield opened
    opened.close()


def found_in(store: SqliteStore) -> list[str]:
    return [f"{each.check}: {each.message}" for each in SqliteUpkeep(store.database.path).verify()]


def test_a_sound_file_has_no_problems(store: SqliteStore) -> None:
    assert found_in(store) == []


def test_a_file_stays_sound_through_updates_and_deletions(store: SqliteStore) -> None:
    log(store, [record(2, "ein ganz anderes 私 wort"), record(20)], at=2)
    some = Criteria(ids=("r3", "r4"))
    store.write(lambda tx: tx.records.discard(dataset_of(store), some, at=3)).result()
    store.write(lambda tx: tx.records.delete(dataset_of(store), Criteria(ids=("r4", "r5")), at=4)).result()
    assert found_in(store) == []

    store.write(lambda tx: tx.datasets.delete(dataset_of(store), at=5)).result()
    log(store, [record(1)], at=6)
    assert found_in(store) == []


def dataset_of(store: SqliteStore) -> Dataset:
    with store.read() as tx:
        found = tx.datasets.find("team", "talk")
    assert found is not None
    return found


VID = "(SELECT vid FROM vals WHERE value = 'p1')"
DAMAGE = {
    "UPDATE datasets SET records = 7": "records: 7 records are noted, and there are 8.",
    "UPDATE datasets SET last_n = 3": "records: 3 is noted as the highest record number, and there is a record 8.",
    "UPDATE records SET dataset = 5 WHERE id = 'r1'": "records: 1 records are numbered here but say that",
    "UPDATE records SET content = x'7b' WHERE id = 'r2'": "records: Record 'r2' can't be read",
    "INSERT INTO fts_1(rowid, text) VALUES (8, 'intruder')": (
        "text index: The text index has, and should not have, the word 'intruder' of record 'r8'"
    ),
    "INSERT INTO fts_1(fts_1, rowid, text) VALUES ('delete', 1, 'a quiet word number1')": (
        "text index: The text index lacks the word 'a' of record 'r1'"
    ),
    "DROP TABLE fts_1": "text index: This couldn't be checked to its end",
    f"DELETE FROM facet WHERE key = ({VID} << 32 | 1)": (
        "facets: 1 facet row is missing, the first one being metadata.page = 'p1' of record 'r1'."
    ),
    f"INSERT INTO facet VALUES ({VID} << 32 | 2)": (
        "facets: 1 facet row is too many, the first one being metadata.page = 'p1' of record 'r2'."
    ),
    "UPDATE vals SET n = n + 1 WHERE value = 'Validated'": (
        "counters: The counter of status = 'Validated' says 5, and 4 records have it."
    ),
    "DELETE FROM numbers WHERE value = 1.5": "numbers: The numbers of metadata.weight lack 1.5 of record 'r1'.",
    "UPDATE numbers SET value = 0.5 WHERE n = 1 AND value < 1": (
        "numbers: The numbers of score lack 0.26 of record 'r1'."
    ),
    "UPDATE vectors SET n = 99 WHERE n = 1": "vectors: 1 vectors are of records that do not exist.",
    "UPDATE vectors SET value = x'00' WHERE n = 1": "vectors: 1 vectors of vectors.mini have another number",
    "INSERT INTO annotations VALUES (1, 1, 2, 0, 1, NULL, 0, 0, x'', NULL)": "file: 1 annotations belong to nothing",
    "INSERT INTO facet VALUES (4000 << 32)": "file: 1 facet rows belong to nothing that exists.",
    "UPDATE fields SET dataset = 9 WHERE name = 'score'": "file: 1 fields belong to nothing that exists.",
}


@pytest.mark.parametrize(("statement", "sentence"), DAMAGE.items(), ids=list(DAMAGE))
def test_each_kind_of_damage_is_told_in_a_sentence(store: SqliteStore, statement: str, sentence: str) -> None:
    store.database.write(lambda connection: connection.raw.execute(statement).fetchall()).result()

    found = found_in(store)

    assert any(each.startswith(sentence) for each in found), found


def test_a_torn_page_is_told(store: SqliteStore, tmp_path: Path) -> None:
    SqliteUpkeep(store.database.path).backup(tmp_path / "torn.db")
    whole = (tmp_path / "torn.db").read_bytes()
    size = int.from_bytes(whole[16:18], "big")
    (tmp_path / "torn.db").write_bytes(whole[: 5 * size] + b"\xff" * size + whole[6 * size :])

    found = SqliteUpkeep(tmp_path / "torn.db").verify()

    assert any("damaged" in each.message or "malformed" in each.message for each in found)


def caches(store: SqliteStore) -> list[str]:
    upkeep = SqliteUpkeep(store.database.path, cache_of=store.caches.of)
    return [each.message for each in upkeep.verify() if each.check == "cache"]


def test_caches_in_use_follow_every_change(store: SqliteStore) -> None:
    assert caches(store) == []  # and now they are filled

    log(store, [record(3, "changed"), record(30)], at=2)
    store.write(lambda tx: tx.records.delete(dataset_of(store), Criteria(ids=("r1", "r30")), at=3)).result()

    assert caches(store) == []


def test_a_cache_that_fell_behind_is_told(store: SqliteStore) -> None:
    assert caches(store) == []
    cache = store.caches.of(1)
    with store.read() as tx:
        connection = tx._connection  # type: ignore[attr-defined]
        ((field, vid),) = connection.raw.execute("SELECT field, vid FROM vals WHERE value = 'p1'").fetchall()
        ((weight,),) = connection.raw.execute(
            "SELECT no FROM fields WHERE name = 'metadata.weight'"
        ).fetchall()

    cache.facet(field, 0).change(vid, 2, True)
    cache.number(weight).change(1, (7.0,))
    cache.column("event").set(1, 5)

    assert caches(store) == [
        "The cached column event differs from the records.",
        "The cached records of metadata.page = 'p1' differ from its facet rows.",
        "The cached numbers of metadata.weight differ from the table.",
    ]


def test_of_records_with_several_values_a_cache_that_fell_behind_is_told(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(store, [replace(record(n), metadata={"tags": ["a", "b"]}) for n in (1, 2)], at=2)
    assert caches(store) == []
    with store.read() as tx:
        rows = tx._connection.raw.execute("SELECT field, vid FROM vals WHERE value = 'a'")  # type: ignore[attr-defined]
        ((field, vid),) = rows.fetchall()

    store.caches.of(1).facet(field, 0).change(vid, 2, False)

    assert caches(store) == ["The cached records of metadata.tags = 'a' differ from its facet rows."]
    monkeypatch.setattr("apportion.storage.sql.index.fields.FEW_VALUES", 1)  # then only the file has them
    assert caches(store) == []


def test_a_backup_taken_while_others_write_is_consistent_and_ends(store: SqliteStore, tmp_path: Path) -> None:
    stop = threading.Event()

    def write_on() -> None:
        n = 100
        while not stop.is_set():
            log(store, [record(n + each, "many words " * 200) for each in range(20)], at=n)
            n += 20

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        for number in range(3):
            SqliteUpkeep(store.database.path).backup(tmp_path / f"copy{number}.db")
    finally:
        stop.set()
        writer.join()

    for number in range(3):
        assert SqliteUpkeep(tmp_path / f"copy{number}.db").verify() == []


def test_an_unfinished_backup_leaves_nothing(store: SqliteStore, tmp_path: Path) -> None:
    def interrupt(left: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SqliteUpkeep(store.database.path).backup(tmp_path / "copy.db", progress=interrupt)

    assert [each.name for each in tmp_path.glob("copy*")] == []


def test_words_that_changed_places_between_records_are_found(tmp_path: Path) -> None:
    raw = SqliteConnection(tmp_path / "a.db", readonly=False).raw
    index = raw.dialect.texts(raw, 1)
    index.create()
    index.add([(1, "one two"), (2, "two one")])

    with index.compared() as texts:
        texts.add([(1, "two one"), (2, "one two")])
        assert texts.difference() == ("has, and should not have,", "one", 1)
    raw.close()
