"""In an individual dataset everybody sees the records with their own annotations, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from apportion.domain.datasets import Dataset
from apportion.domain.ids import NOBODY, RESOLVED, DatasetNo, Viewer
from apportion.domain.query import parse
from apportion.domain.records import AgentValues, TextClassificationRecord, Value
from apportion.ports.records import Criteria, SearchHits, SortKey
from apportion.storage.sqlite.store import SqliteStore
from apportion.vocabulary import AnnotationState, Status, Task

A: Value = (("A", 1.0),)
B: Value = (("B", 1.0),)
SUBMITTED, DRAFT = AnnotationState.SUBMITTED, AnnotationState.DRAFT
ALL = frozenset({"status", "annotated_as", "annotated_by", "predicted"})


class Room:
    """One individual dataset with three records predicted as A."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        wanted = Dataset(
            DatasetNo(0), "u", "ws", "ds", Task.TEXT_CLASSIFICATION, {}, {}, None, {"annotation": "individual"},
            last_updated=1,
        )  # fmt: skip
        self.dataset = store.write(lambda tx: tx.datasets.add(wanted)).result()
        self.records = [
            TextClassificationRecord(
                id, inputs={"text": "fox"}, prediction=AgentValues("m", {"m": (("A", 0.9),)})
            )
            for id in ("1", "2", "3")
        ]
        self.log(*self.records, at=10)

    def log(self, *found: TextClassificationRecord, at: int) -> None:
        ready = self.store.encode_records(self.dataset.task, found)
        self.store.write(lambda tx: tx.records.log(self.dataset, ready, at=at)).result()

    def annotate(
        self, who: str, id: str, value: Value | None, state: AnnotationState = SUBMITTED
    ) -> int | None:
        return self.store.write(
            lambda tx: tx.records.annotate(self.dataset, id, who, state, value, at=99), urgent=True
        ).result()

    def as_(self, who: str | None, query: str = "", **options: Any) -> SearchHits:
        with self.store.read() as tx:
            viewer = RESOLVED if who is None else tx.records.viewer(who)
            return tx.records.search(self.dataset, Criteria(parse(query), viewer=viewer), **options)

    def ids(self, who: str | None, query: str = "", **options: Any) -> list[str]:
        return [row.id for row in self.as_(who, query, **options).rows]

    def facets(self, who: str | None, query: str = "") -> Any:
        return self.as_(who, query, facets=ALL).facets

    def ask(self, statement: str) -> list[Any]:
        with self.store.database.read() as connection:
            return connection.raw.execute(statement).fetchall()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Ana has said A to 1 and B to 2, ben B to 1."""
    store = SqliteStore(tmp_path / "store.db")
    room = Room(store)
    room.annotate("ana", "1", A)
    room.annotate("ana", "2", B)
    room.annotate("ben", "1", B)
    yield room
    store.close()


UNSEEN = {"status": {"Default": 3}, "annotated_as": {}, "annotated_by": {}, "predicted": {}}


def test_everybody_finds_and_counts_their_own(room: Room) -> None:
    assert room.ids("ana", "status:Validated") == ["1", "2"]
    assert room.ids("ben", "status:Validated") == ["1"]
    assert room.ids("ben", "status:Default") == ["2", "3"]
    assert room.ids("ana", "annotated_as:B") == ["2"]
    assert room.ids("ben", "annotated_as:B AND predicted:ko") == ["1"]
    assert room.ids("ana", "annotated_by:ben OR _exists_:annotations.ben") == []
    assert room.ids("ana", "annotations.ana.labels.class_label:A") == ["1"]
    assert room.ids("ben", "annotations.ana.labels.class_label:A") == []
    assert room.ids("ana", "NOT _exists_:annotated_by") == ["3"]
    assert room.facets("ana") == {
        "status": {"Validated": 2, "Default": 1},
        "annotated_as": {"A": 1, "B": 1},
        "annotated_by": {"ana": 2},
        "predicted": {"ko": 1, "ok": 1},
    }
    assert room.facets("ben", "fox AND NOT id:3")["status"] == {"Default": 1, "Validated": 1}


def test_rows_show_the_own_annotation_and_status(room: Room) -> None:
    with room.store.read() as tx:
        seen = {
            who: [
                (row.status, answers and answers.by_agent)
                for row in room.as_(who).rows
                for _, answers in [tx.records.answers_of(row, room.dataset.task)]
            ]
            for who in ("ana", "ben")
        }
        one = tx.records.get(room.dataset, "1", tx.records.viewer("ben"))
    assert seen["ana"] == [
        (Status.VALIDATED, {"ana": A}),
        (Status.VALIDATED, {"ana": B}),
        (Status.DEFAULT, None),
    ]
    assert seen["ben"] == [(Status.VALIDATED, {"ben": B}), (Status.DEFAULT, None), (Status.DEFAULT, None)]
    assert one == room.as_("ben", "id:1").rows[0]


def test_orders_go_by_the_own_view(room: Room) -> None:
    assert room.ids("ana", sort=[SortKey("annotated_as", True)]) == ["2", "1", "3"]
    assert room.ids("ben", sort=[SortKey("annotated_as", True)]) == ["1", "2", "3"]
    assert room.ids("ben", sort=[SortKey("status", True)]) == ["1", "2", "3"]
    assert room.ids("ana", sort=[SortKey("status")]) == ["3", "1", "2"]


def test_the_resolved_view_and_the_times_stay_as_they_are(room: Room) -> None:
    assert room.facets(None) == UNSEEN
    assert room.ids(None, "_exists_:annotated_by OR _exists_:annotations.ana") == []
    assert [(row.status, row.answer, row.updated) for row in room.as_(None).rows] == [
        (Status.DEFAULT, None, 10)
    ] * 3
    assert [row.updated for row in room.as_("ana").rows] == [10] * 3
    with room.store.read() as tx:
        dataset = tx.datasets.find("ws", "ds")
    assert dataset is not None
    assert dataset.last_updated == 1


def test_somebody_without_annotations_sees_everything_as_default(room: Room) -> None:
    with room.store.read() as tx:
        assert tx.records.viewer("cy") == NOBODY
        hits = tx.records.search(room.dataset, Criteria(viewer=NOBODY), facets=ALL)
    assert hits.facets == UNSEEN
    assert [row.answer for row in hits.rows] == [None] * 3
    assert room.ids("cy", "status:Default") == ["1", "2", "3"]
    assert room.ids("cy", "NOT status:Default") == []


def test_annotating_again_replaces_and_remembers(room: Room) -> None:
    assert room.annotate("ana", "1", B, DRAFT) == 2
    assert room.annotate("ana", "1", None, AnnotationState.DISCARDED) == 3
    assert room.annotate("ana", "nowhere", A) is None

    assert room.facets("ana")["status"] == {"Default": 1, "Discarded": 1, "Validated": 1}
    assert room.facets("ana")["annotated_as"] == {"B": 1}
    with room.store.read() as tx:
        kept = {each.annotator: each for each in tx.records.annotations(room.dataset, "1")}
    assert (kept["ana"].state, kept["ana"].value, kept["ana"].version) == (AnnotationState.DISCARDED, None, 3)
    assert (kept["ben"].state, kept["ben"].value, kept["ben"].version) == (SUBMITTED, B, 1)
    assert room.ask("SELECT version, why FROM history ORDER BY no") == [(1, "replaced"), (2, "replaced")]


def test_taking_an_annotation_back_leaves_a_version_to_name(room: Room) -> None:
    assert room.annotate("ana", "1", None, AnnotationState.NONE) == 2

    assert room.facets("ana")["status"] == {"Default": 2, "Validated": 1}
    assert room.annotate("ana", "1", A) == 3


def test_a_deleted_record_moves_its_annotations_to_history(room: Room) -> None:
    room.store.write(lambda tx: tx.records.delete(room.dataset, Criteria(ids=("1",)), at=100)).result()

    assert room.facets("ben") == {**UNSEEN, "status": {"Default": 2}}
    assert room.facets("ana")["annotated_by"] == {"ana": 1}
    assert room.ask("SELECT count(*) FROM annotations") == [(1,)]
    assert room.ask("SELECT version, why FROM history") == [(1, "record_deleted")] * 2


def test_logging_again_keeps_own_annotations_unless_what_they_answer_changed(room: Room) -> None:
    first, second, third = room.records
    other = replace(first, metadata={"k": "x"}, prediction=AgentValues("m", {"m": (("B", 0.9),)}))

    room.log(other, replace(second, inputs={"text": "dog"}), third, at=20)

    assert room.ids("ana", "status:Validated") == ["1"]
    assert room.ids("ana", "predicted:ko") == ["1"]  # the prediction changed sides
    assert room.ids("ben", "predicted:ok") == ["1"]
    assert room.ask("SELECT why FROM history") == [("outdated",)]


def test_the_resolved_value_is_nobodys_own_annotation(room: Room) -> None:
    room.log(
        replace(room.records[0], status=Status.VALIDATED, annotation=AgentValues("ana", {"ana": B})), at=20
    )
    room.store.write(lambda tx: tx.records.discard(room.dataset, Criteria(ids=("2",)), at=21)).result()

    assert room.facets(None)["status"] == {"Default": 1, "Discarded": 1, "Validated": 1}
    assert room.ids("ana", "annotated_as:A AND status:Validated") == ["1"]
    assert room.ids("ana", "id:2 AND status:Validated") == ["2"]
    assert room.facets("ben")["status"] == {"Default": 2, "Validated": 1}
    assert [row.status for row in room.as_("ana").rows] == [
        Status.VALIDATED,
        Status.VALIDATED,
        Status.DEFAULT,
    ]
    room.log(replace(room.records[0], id="4", annotation=AgentValues("ana", {"ana": B})), at=22)
    with room.store.read() as tx:
        assert tx.records.annotations(room.dataset, "4") == []
        assert [each.state for each in tx.records.annotations(room.dataset, "2")] == [SUBMITTED]
    assert room.ids("ana", "id:4 AND status:Default") == ["4"]


def test_a_draft_is_seen_as_edited_by_its_author(room: Room) -> None:
    room.annotate("ben", "3", A, DRAFT)

    assert room.ids("ben", "status:Edited") == ["3"]
    assert room.ids(None, "status:Edited") == []
    assert Viewer(0) == RESOLVED
