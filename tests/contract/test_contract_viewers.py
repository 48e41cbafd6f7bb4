"""In an individual dataset everybody sees the records with their own annotations, and nobody else's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from apportion.domain.ids import NOBODY, RESOLVED, Viewer
from apportion.domain.query import parse
from apportion.domain.records import AgentValues, Value
from apportion.ports.records import Criteria, SearchHits, SortKey
from apportion.ports.store import Store
from apportion.vocabulary import AnnotationState, HistoryReason, Status
from stored_dataset import INDIVIDUAL, StoredDataset, text

A: Value = (("A", 1.0),)
B: Value = (("B", 1.0),)
SUBMITTED, DRAFT = AnnotationState.SUBMITTED, AnnotationState.DRAFT
ALL = frozenset({"status", "annotated_as", "annotated_by", "predicted"})


class Viewed(StoredDataset):
    """An individual dataset with three records predicted as A."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, policies=INDIVIDUAL, last_updated=1)
        predicted = AgentValues("m", {"m": (("A", 0.9),)})
        self.logged = [text(id, "fox", prediction=predicted) for id in ("1", "2", "3")]
        self.log(*self.logged, at=10)

    def as_(self, who: str | None, query: str = "", **options: Any) -> SearchHits:
        with self.store.read() as tx:
            viewer = RESOLVED if who is None else tx.records.viewer(who)
            return tx.records.search(self.dataset, Criteria(parse(query), viewer=viewer), **options)

    def ids_of(self, who: str | None, query: str = "", **options: Any) -> list[str]:
        return [row.id for row in self.as_(who, query, **options).rows]

    def facets(self, who: str | None, query: str = "") -> Any:
        return self.as_(who, query, facets=ALL).facets

    def past(self, id: str) -> list[tuple[str, int, HistoryReason]]:
        with self.store.read() as tx:
            found = tx.annotations.history(self.dataset, id)
        return [(each.annotator, each.version, each.why) for each in found]


@pytest.fixture
def viewed(store: Store) -> Viewed:
    """Ana has said A to 1 and B to 2, ben B to 1."""
    viewed = Viewed(store)
    viewed.annotate("ana", "1", A)
    viewed.annotate("ana", "2", B)
    viewed.annotate("ben", "1", B)
    return viewed


UNSEEN = {"status": {"Default": 3}, "annotated_as": {}, "annotated_by": {}, "predicted": {}}


def test_everybody_finds_and_counts_their_own(viewed: Viewed) -> None:
    assert viewed.ids_of("ana", "status:Validated") == ["1", "2"]
    assert viewed.ids_of("ben", "status:Validated") == ["1"]
    assert viewed.ids_of("ben", "status:Default") == ["2", "3"]
    assert viewed.ids_of("ana", "annotated_as:B") == ["2"]
    assert viewed.ids_of("ben", "annotated_as:B AND predicted:ko") == ["1"]
    assert viewed.ids_of("ana", "annotated_by:ben OR _exists_:annotations.ben") == []
    assert viewed.ids_of("ana", "annotations.ana.labels.class_label:A") == ["1"]
    assert viewed.ids_of("ben", "annotations.ana.labels.class_label:A") == []
    assert viewed.ids_of("ana", "NOT _exists_:annotated_by") == ["3"]
    assert viewed.facets("ana") == {
        "status": {"Validated": 2, "Default": 1},
        "annotated_as": {"A": 1, "B": 1},
        "annotated_by": {"ana": 2},
        "predicted": {"ko": 1, "ok": 1},
    }
    assert viewed.facets("ben", "fox AND NOT id:3")["status"] == {"Default": 1, "Validated": 1}


def test_rows_show_the_own_annotation_and_status(viewed: Viewed) -> None:
    with viewed.store.read() as tx:
        seen = {
            who: [
                (row.status, answers and answers.by_agent)
                for row in viewed.as_(who).rows
                for _, answers in [row.values(viewed.dataset.task)]
            ]
            for who in ("ana", "ben")
        }
        one = tx.records.get(viewed.dataset, "1", tx.records.viewer("ben"))
    assert seen["ana"] == [
        (Status.VALIDATED, {"ana": A}),
        (Status.VALIDATED, {"ana": B}),
        (Status.DEFAULT, None),
    ]
    assert seen["ben"] == [(Status.VALIDATED, {"ben": B}), (Status.DEFAULT, None), (Status.DEFAULT, None)]
    assert one == viewed.as_("ben", "id:1").rows[0]


def test_orders_go_by_the_own_view(viewed: Viewed) -> None:
    assert viewed.ids_of("ana", sort=[SortKey("annotated_as", True)]) == ["2", "1", "3"]
    assert viewed.ids_of("ben", sort=[SortKey("annotated_as", True)]) == ["1", "2", "3"]
    assert viewed.ids_of("ben", sort=[SortKey("status", True)]) == ["1", "2", "3"]
    assert viewed.ids_of("ana", sort=[SortKey("status")]) == ["3", "1", "2"]


def test_the_resolved_view_and_the_times_stay_as_they_are(viewed: Viewed) -> None:
    assert viewed.facets(None) == UNSEEN
    assert viewed.ids_of(None, "_exists_:annotated_by OR _exists_:annotations.ana") == []
    assert [(row.status, row.annotations(), row.updated) for row in viewed.as_(None).rows] == [
        (Status.DEFAULT, None, 10)
    ] * 3
    assert [row.updated for row in viewed.as_("ana").rows] == [10] * 3
    with viewed.store.read() as tx:
        dataset = tx.datasets.by_number(viewed.dataset.no)
    assert dataset is not None
    assert dataset.last_updated == 1


def test_somebody_without_annotations_sees_everything_as_default(viewed: Viewed) -> None:
    with viewed.store.read() as tx:
        assert tx.records.viewer("cy") == NOBODY
        hits = tx.records.search(viewed.dataset, Criteria(viewer=NOBODY), facets=ALL)
    assert hits.facets == UNSEEN
    assert [row.annotations() for row in hits.rows] == [None] * 3
    assert viewed.ids_of("cy", "status:Default") == ["1", "2", "3"]
    assert viewed.ids_of("cy", "NOT status:Default") == []


def test_annotating_again_replaces_and_remembers(viewed: Viewed) -> None:
    assert viewed.annotate("ana", "1", B) == 2
    assert viewed.annotate("ana", "1", None, AnnotationState.DISCARDED) == 3
    assert viewed.annotate("ana", "nowhere", A) is None

    assert viewed.facets("ana")["status"] == {"Default": 1, "Discarded": 1, "Validated": 1}
    assert viewed.facets("ana")["annotated_as"] == {"B": 1}
    with viewed.store.read() as tx:
        case = tx.annotations.case(viewed.dataset, "1")
    assert case is not None
    kept = case.annotations
    assert (kept["ana"].state, kept["ana"].value, kept["ana"].version) == (AnnotationState.DISCARDED, None, 3)
    assert (kept["ben"].state, kept["ben"].value, kept["ben"].version) == (SUBMITTED, B, 1)
    assert viewed.past("1") == [("ana", 2, HistoryReason.REPLACED), ("ana", 1, HistoryReason.REPLACED)]


def test_taking_an_annotation_back_leaves_a_version_to_name(viewed: Viewed) -> None:
    assert viewed.annotate("ana", "1", None, AnnotationState.NONE) == 2

    assert viewed.facets("ana")["status"] == {"Default": 2, "Validated": 1}
    assert viewed.annotate("ana", "1", A) == 3


def test_a_deleted_record_takes_its_annotations_along(viewed: Viewed) -> None:
    viewed.store.write(lambda tx: tx.records.delete(viewed.dataset, Criteria(ids=("1",)), at=100)).result()

    assert viewed.facets("ben") == {**UNSEEN, "status": {"Default": 2}}
    assert viewed.facets("ana")["annotated_by"] == {"ana": 1}
    viewed.log(viewed.logged[0], at=101)
    assert viewed.ids_of("ben", "id:1 AND status:Default") == ["1"]
    with viewed.store.read() as tx:
        case = tx.annotations.case(viewed.dataset, "1")
    assert case is not None
    assert case.annotations == {}


def test_logging_again_keeps_own_annotations_unless_what_they_answer_changed(viewed: Viewed) -> None:
    first, second, third = viewed.logged
    other = replace(first, metadata={"k": "x"}, prediction=AgentValues("m", {"m": (("B", 0.9),)}))

    viewed.log(other, replace(second, inputs={"text": "dog"}), third, at=20)

    assert viewed.ids_of("ana", "status:Validated") == ["1"]
    assert viewed.ids_of("ana", "predicted:ko") == ["1"]  # the prediction changed sides
    assert viewed.ids_of("ben", "predicted:ok") == ["1"]
    assert viewed.past("1") == viewed.past("3") == []
    assert viewed.past("2") == [("ana", 1, HistoryReason.OUTDATED)]


def test_the_resolved_value_is_nobodys_own_annotation(viewed: Viewed) -> None:
    viewed.log(
        replace(viewed.logged[0], status=Status.VALIDATED, annotation=AgentValues("ana", {"ana": B})), at=20
    )
    viewed.store.write(lambda tx: tx.records.discard(viewed.dataset, Criteria(ids=("2",)), at=21)).result()

    assert viewed.facets(None)["status"] == {"Default": 1, "Discarded": 1, "Validated": 1}
    assert viewed.ids_of("ana", "annotated_as:A AND status:Validated") == ["1"]
    assert viewed.ids_of("ana", "id:2 AND status:Validated") == ["2"]
    assert viewed.facets("ben")["status"] == {"Default": 2, "Validated": 1}
    assert [row.status for row in viewed.as_("ana").rows] == [
        Status.VALIDATED,
        Status.VALIDATED,
        Status.DEFAULT,
    ]
    viewed.log(replace(viewed.logged[0], id="4", annotation=AgentValues("ana", {"ana": B})), at=22)
    with viewed.store.read() as tx:
        second, fourth = tx.annotations.cases(viewed.dataset, ["2", "4"])
    assert fourth.annotations == {}
    assert [each.state for each in second.annotations.values()] == [SUBMITTED]
    assert viewed.ids_of("ana", "id:4 AND status:Default") == ["4"]


def test_a_draft_is_seen_as_edited_by_its_author(viewed: Viewed) -> None:
    viewed.annotate("ben", "3", A, DRAFT)

    assert viewed.ids_of("ben", "status:Edited") == ["3"]
    assert viewed.ids_of(None, "status:Edited") == []
    assert Viewer(0) == RESOLVED
